# Networks from which something may not be done, or from which alone it may.
package yoto.authz

import data.yoto.authz.lib

deny contains "missing:data.network" if not network_document

network_document if {
	is_object(data.network.block)
	is_object(data.network.allow)
	is_array(data.network.servers)
}

network_judged if {
	some name in names
	cidrs := data.network.block[name]
	cidrs != []
}

network_judged if {
	some name in names
	data.network.allow[name]
}

network_judged if {
	server_networks_judged
	not input.resource.server.blocked_networks == []
}

server_networks_judged if {
	in_server
	some name in names
	name in data.network.servers
}

deny contains "missing:context.ip" if {
	network_judged
	not lib.address(input.context.ip)
}

deny contains "network_blocked" if {
	lib.address(input.context.ip)
	some name in names
	cidrs := data.network.block[name]
	not lib.outside(cidrs, input.context.ip)
}

deny contains "network_not_allowed" if {
	lib.address(input.context.ip)
	some name in names
	cidrs := data.network.allow[name]
	not lib.inside(cidrs, input.context.ip)
}

deny contains "missing:resource.server.blocked_networks" if {
	server_networks_judged
	not lib.strings(input.resource.server.blocked_networks)
}

deny contains "network_blocked_by_server" if {
	lib.address(input.context.ip)
	server_networks_judged
	lib.strings(input.resource.server.blocked_networks)
	not lib.outside(input.resource.server.blocked_networks, input.context.ip)
}
