# Business hours of the platform, access windows of servers, posting hours of channels.
package yoto.authz

import data.yoto.authz.lib

deny contains "missing:data.hours" if not hours_document

hours_document if {
	is_object(data.hours.business)
	is_array(data.hours.access)
	is_array(data.hours.posting)
}

business_windows contains window if {
	some name in names
	window := data.hours.business[name]
}

deny contains "missing:context.time" if {
	count(business_windows) > 0
	not is_number(input.context.time)
}

deny contains "outside_business_hours" if {
	some window in business_windows
	is_number(input.context.time)
	not lib.within(window, window.time_zone)
}

access_judged if {
	in_server
	some name in names
	name in data.hours.access
}

deny contains code if {
	access_judged
	not access_open
	some code in access_problems
}

access_open if input.resource.server.access_hours == null

access_open if {
	is_number(input.context.time)
	is_string(input.resource.server.time_zone)
	lib.within(input.resource.server.access_hours, input.resource.server.time_zone)
}

access_problems contains code if some code in zone_problems

access_problems contains "missing:resource.server.access_hours" if {
	not is_object(input.resource.server.access_hours)
}

access_problems contains "outside_access_hours" if zoned

posting_judged if {
	input.resource.scope == "channel"
	some name in names
	name in data.hours.posting
}

deny contains code if {
	posting_judged
	not posting_open
	some code in posting_problems
}

posting_open if input.resource.channel.hours == null

posting_open if {
	is_number(input.context.time)
	is_string(input.resource.server.time_zone)
	lib.within(input.resource.channel.hours, input.resource.server.time_zone)
}

posting_problems contains code if some code in zone_problems

posting_problems contains "missing:resource.channel.hours" if {
	not is_object(input.resource.channel.hours)
}

posting_problems contains "outside_posting_hours" if zoned

zoned if {
	is_number(input.context.time)
	is_string(input.resource.server.time_zone)
}

zone_problems contains "missing:context.time" if not is_number(input.context.time)

zone_problems contains "missing:resource.server.time_zone" if {
	not is_string(input.resource.server.time_zone)
}
