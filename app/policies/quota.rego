# What may not be done by somebody who has too little left of a rate limit, or in a server that holds
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
	is_object(resource_limits)
	some name in names
	limit := resource_limits[name]
}

deny contains "missing:data.quota" if {
	some limit in resource_quotas
	not limit.counted in {"members", "channels", "messages"}
}

deny contains sprintf("missing:resource.usage.%s", [limit.counted]) if {
	some limit in resource_quotas
	is_string(limit.counted)
	not is_number(input.resource.usage[limit.counted])
}

# As many as the limit is enough; a limit that is no number lets nothing through.
deny contains "resource_quota_reached" if {
	some limit in resource_quotas
	is_number(input.resource.usage[limit.counted])
	not below_quota(input.resource.usage[limit.counted], limit.below)
}

below_quota(count_now, below) if {
	is_number(below)
	count_now < below
}
