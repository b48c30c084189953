# Permissions denied to somebody who has too little left of a rate limit, or in a server that holds
# too many things of a kind.
package yoto.authz

import data.yoto.authz.lib

deny contains "missing:data.quota" if not quota_document

quota_document if {
	is_object(data.quota.reserves)
	is_object(resource_limits)
}

# A document from before there were any has none.
resource_limits := object.get(data.quota, "resources", {}) if is_object(data.quota)

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

resource_quotas contains limit if {
	some name in names
	limit := resource_limits[name]
}

# One rule, since there is nothing to look at in most decisions.
deny contains code if {
	some limit in resource_quotas
	some code in resource_codes(limit)
}

resource_codes(limit) := {"missing:data.quota"} if {
	not limit.counted in {"members", "channels", "messages"}
} else := {sprintf("missing:resource.usage.%s", [limit.counted])} if {
	not is_number(input.resource.usage[limit.counted])
} else := {"resource_quota_reached"} if {
	# A limit that is no number lets nothing through.
	not below_quota(input.resource.usage[limit.counted], limit.below)
} else := set()

below_quota(there, below) if {
	is_number(below)
	there < below
}
