# Networks from which something may not be done, or from which alone it may.
package yoto.authz

import data.yoto.authz.lib

deny contains "missing:data.network" if not network_document

network_document if {
	is_object(data.network.block)
	is_object(data.network.allow)
	is_array(data.network.servers)
}

address_known if lib.address(input.context.ip)

network_judged if {
	some name in names
	cidrs := data.network.block[name]
	cidrs != []
}

network_judged if {
	some name in names
	data.network.allow[name]
}

deny contains "missing:context.ip" if {
	network_judged
	not address_known
}

deny contains "network_blocked" if {
	some name in names
	cidrs := data.network.block[name]
	cidrs != []
	address_known
	not lib.outside(cidrs, input.context.ip)
}

deny contains "network_not_allowed" if {
	some name in names
	cidrs := data.network.allow[name]
	address_known
	not lib.inside(cidrs, input.context.ip)
}

server_networks_judged if {
	in_server
	some name in names
	name in data.network.servers
}

deny contains code if {
	server_networks_judged
	not server_networks_open
	some code in server_network_problems
}

server_networks_open if input.resource.server.blocked_networks == []

server_networks_open if {
	address_known
	lib.outside(input.resource.server.blocked_networks, input.context.ip)
}

server_network_problems contains "missing:context.ip" if not address_known

server_network_problems contains "missing:resource.server.blocked_networks" if {
	not lib.strings(input.resource.server.blocked_networks)
}

server_network_problems contains "network_blocked_by_server" if {
	address_known
	lib.strings(input.resource.server.blocked_networks)
	not lib.outside(input.resource.server.blocked_networks, input.context.ip)
}
