# Permissions denied to somebody whose behaviour is too unusual; the number is 0 to 100. Owners are
# not judged in their own servers: nobody else there could undo what is refused to them.
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

risk_of_owner if input.resource.server.owner_id == input.subject.id

deny contains "missing:context.risk.score" if {
	count(risk_limits) > 0
	not risk_of_owner
	not is_number(input.context.risk.score)
}

deny contains "risk_too_high" if {
	is_number(input.context.risk.score)
	some limit in risk_limits
	not risk_of_owner
	not lib.at_most(input.context.risk.score, limit)
}
