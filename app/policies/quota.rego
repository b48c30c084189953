# What may not be done by somebody who has too little left of a rate limit.
package yoto.authz

import data.yoto.authz.lib

deny contains "missing:data.quota" if not quota_document

quota_document if {
	is_object(data.quota.reserves)
}

quotas contains reserve if {
	some name in names
	reserve := data.quota.reserves[name]
}

deny contains "missing:data.quota" if {
	some reserve in quotas
	not is_string(reserve.limiter)
}

deny contains sprintf("missing:context.quota.%s", [reserve.limiter]) if {
	some reserve in quotas
	is_string(reserve.limiter)
	not is_number(input.context.quota[reserve.limiter].remaining)
}

deny contains "quota_too_low" if {
	some reserve in quotas
	is_number(input.context.quota[reserve.limiter].remaining)
	not lib.at_least(input.context.quota[reserve.limiter].remaining, reserve.remaining)
}
