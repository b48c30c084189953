# A channel's sensitivity against the user's clearance, both 0 to 4.
package yoto.authz

import data.yoto.authz.lib

deny contains "missing:resource.channel.sensitivity" if {
	input.resource.scope == "channel"
	not is_number(input.resource.channel.sensitivity)
}

deny contains "missing:subject.clearance" if {
	input.resource.scope == "channel"
	not is_number(input.subject.clearance)
}

deny contains "clearance_too_low" if {
	input.resource.scope == "channel"
	is_number(input.resource.channel.sensitivity)
	is_number(input.subject.clearance)
	not lib.at_least(input.subject.clearance, input.resource.channel.sensitivity)
}
