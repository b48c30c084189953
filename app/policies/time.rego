# Business hours of the platform, access windows of servers, posting hours of channels.
package yoto.authz

import data.yoto.authz.lib

deny contains "missing:data.hours" if not hours_document

hours_document if {
	is_object(data.hours.business)
	is_array(data.hours.access)
	is_array(data.hours.posting)
}

timed contains "business" if {
	some name in names
	data.hours.business[name]
}

timed contains "access" if {
	access_judged
	not input.resource.server.access_hours == null
}

timed contains "posting" if {
	posting_judged
	not input.resource.channel.hours == null
}

access_judged if {
	in_server
	some name in names
	name in data.hours.access
}

posting_judged if {
	input.resource.scope == "channel"
	some name in names
	name in data.hours.posting
}

deny contains "missing:context.time" if {
	count(timed) > 0
	not is_number(input.context.time)
}

deny contains "outside_business_hours" if {
	is_number(input.context.time)
	some name in names
	window := data.hours.business[name]
	not lib.within(window, window.time_zone)
}

deny contains "missing:resource.server.access_hours" if {
	access_judged
	not lib.null_or_object(input.resource.server.access_hours)
}

deny contains "missing:resource.server.time_zone" if {
	some kind in ["access", "posting"]
	kind in timed
	not is_string(input.resource.server.time_zone)
}

deny contains "outside_access_hours" if {
	"access" in timed
	zoned
	not lib.within(input.resource.server.access_hours, input.resource.server.time_zone)
}

deny contains "missing:resource.channel.hours" if {
	posting_judged
	not lib.null_or_object(input.resource.channel.hours)
}

deny contains "outside_posting_hours" if {
	"posting" in timed
	zoned
	not lib.within(input.resource.channel.hours, input.resource.server.time_zone)
}

# Without these, the codes above say what is missing.
zoned if {
	is_number(input.context.time)
	is_string(input.resource.server.time_zone)
}
