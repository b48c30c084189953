# What may not be done by somebody whose behaviour is too unusual; the number is 0 to 100.
package yoto.authz

import data.yoto.authz.lib

deny contains "missing:data.risk" if not risk_document

risk_document if {
	is_object(data.risk.limits)
}

risk_limits contains limit if {
	some name in names
	limit := data.risk.limits[name]
}

deny contains "missing:context.risk.score" if {
	count(risk_limits) > 0
	not is_number(input.context.risk.score)
}

deny contains "risk_too_high" if {
	is_number(input.context.risk.score)
	some limit in risk_limits
	not lib.at_most(input.context.risk.score, limit)
}
