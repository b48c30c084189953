package yoto.authz_test

# Only these codes are tested, so that tests hold whatever the documents of other policies say.
network_codes := {
	"missing:data.network",
	"missing:context.ip",
	"network_blocked",
	"network_not_allowed",
	"missing:resource.server.blocked_networks",
	"network_blocked_by_server",
}

network_input(ip, blocked) := {
	"subject": {"id": 1},
	"action": {"name": "server.manage", "names": ["*", "server.*", "server.manage"]},
	"resource": {
		"scope": "server",
		"id": 7,
		"server": {
			"time_zone": "UTC",
			"access_hours": null,
			"blocked_networks": blocked,
			"device_required": false,
		},
	},
	"context": {"ip": ip, "environment": {"emergency": false}},
}

network_blocks := {"block": {"server.manage": ["10.0.0.0/8"]}, "allow": {}, "servers": ["server.*"]}

network_servers := {"block": {}, "allow": {}, "servers": ["server.*"]}

network_allows := {"block": {}, "allow": {"server.*": ["10.0.0.0/8", "2001:db8::/32"]}, "servers": []}

test_network_blocked if {
	count(network_codes & data.yoto.authz.deny) == 0 with input as network_input("192.0.2.1", []) with data.network as network_blocks
	found := network_codes & data.yoto.authz.deny with input as network_input("10.2.3.4", []) with data.network as network_blocks
	found == {"network_blocked"}
}

test_network_not_allowed if {
	count(network_codes & data.yoto.authz.deny) == 0 with input as network_input("10.2.3.4", []) with data.network as network_allows
	count(network_codes & data.yoto.authz.deny) == 0 with input as network_input("2001:db8::7", []) with data.network as network_allows
	found := network_codes & data.yoto.authz.deny with input as network_input("192.0.2.1", []) with data.network as network_allows
	found == {"network_not_allowed"}
}

test_network_blocked_by_a_server if {
	count(network_codes & data.yoto.authz.deny) == 0 with input as network_input("192.0.2.1", ["10.0.0.0/8"]) with data.network as network_servers
	found := network_codes & data.yoto.authz.deny with input as network_input("10.2.3.4", ["192.0.2.0/24", "10.0.0.0/8"]) with data.network as network_servers
	found == {"network_blocked_by_server"}
}

test_network_an_address_that_is_none_denies if {
	every wrong in ["", "somewhere", null, 4, false] {
		found := network_codes & data.yoto.authz.deny with input as network_input(wrong, []) with data.network as network_blocks
		found == {"missing:context.ip"}
	}
}

test_network_without_lists_nobody_needs_an_address if {
	count(network_codes & data.yoto.authz.deny) == 0 with input as network_input(null, []) with data.network as network_servers with data.threat.networks as []
}

test_network_lists_of_a_wrong_type_deny if {
	every wrong in ["10.0.0.0/8", 1, {"10.0.0.0/8": true}] {
		blocks := object.union(network_blocks, {"block": {"server.manage": wrong}})
		found := network_codes & data.yoto.authz.deny with input as network_input("192.0.2.1", []) with data.network as blocks
		"network_blocked" in found
	}
}

test_network_lists_of_a_server_of_a_wrong_type_deny if {
	every wrong in ["10.0.0.0/8", null, [1], false] {
		found := network_codes & data.yoto.authz.deny with input as network_input("192.0.2.1", wrong) with data.network as network_servers
		"missing:resource.server.blocked_networks" in found
	}
}
