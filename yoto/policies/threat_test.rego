package yoto.authz_test

# Only these codes are tested, so that tests hold whatever the documents of other policies say.
threat_codes := {
	"missing:data.threat",
	"missing:context.ip",
	"threat_network",
	"threat_account",
}

# 2026-03-02 12:00 in UTC.
threat_input(ip) := {
	"subject": {"id": 42},
	"action": {"name": "vault.open", "names": ["*", "vault.*", "vault.open"]},
	"resource": {"scope": "global", "id": null},
	"context": {"time": 1772452800, "ip": ip},
}

threat_of(networks, accounts) := {
	"permissions": ["vault.*"],
	"networks": networks,
	"accounts": accounts,
}

threat_net(until) := {"cidr": "203.0.113.0/24", "source": "feed", "until": until}

threat_user(until) := {"id": 42, "source": "case 7", "until": until}

threat_no_networks := {"block": {}, "allow": {}, "servers": []}

test_threat_without_entries_nothing_is_needed if {
	count(threat_codes & data.yoto.authz.deny) == 0 with input as threat_input(null) with data.threat as threat_of([], []) with data.network as threat_no_networks
}

test_threat_a_network_denies_until_its_end if {
	every until in [null, 1772452801, 1800000000.5] {
		found := threat_codes & data.yoto.authz.deny with input as threat_input("203.0.113.9") with data.threat as threat_of([threat_net(until)], [])
		found == {"threat_network"}
	}
	every until in [1772452800, 0] {
		found := threat_codes & data.yoto.authz.deny with input as threat_input("203.0.113.9") with data.threat as threat_of([threat_net(until)], [])
		found == set()
	}
}

test_threat_another_network_is_fine if {
	count(threat_codes & data.yoto.authz.deny) == 0 with input as threat_input("198.51.100.9") with data.threat as threat_of([threat_net(null)], [])
}

test_threat_an_account_denies_until_its_end if {
	found := threat_codes & data.yoto.authz.deny with input as threat_input("198.51.100.9") with data.threat as threat_of([], [threat_user(null)])
	found == {"threat_account"}
	count(threat_codes & data.yoto.authz.deny) == 0 with input as threat_input("198.51.100.9") with data.threat as threat_of([], [threat_user(1772452799)])
}

test_threat_other_permissions_are_not_judged if {
	other := object.union(threat_of([threat_net(null)], [threat_user(null)]), {"permissions": ["other.*"]})
	count(threat_codes & data.yoto.authz.deny) == 0 with input as threat_input("203.0.113.9") with data.threat as other
}

test_threat_without_a_clock_nothing_has_ended if {
	found := threat_codes & data.yoto.authz.deny with input as json.remove(threat_input("203.0.113.9"), ["context/time"]) with data.threat as threat_of([threat_net(5)], [])
	found == {"threat_network"}
}

test_threat_an_unknown_address_denies if {
	every wrong in [null, 5, "unknown"] {
		found := threat_codes & data.yoto.authz.deny with input as threat_input(wrong) with data.threat as threat_of([threat_net(null)], [])
		found == {"missing:context.ip"}
	}
}

test_threat_a_document_that_is_wrong_denies if {
	every wrong in [
		null,
		{},
		{"permissions": ["vault.*"], "networks": {}, "accounts": []},
		threat_of([{"cidr": "203.0.113.0/24", "until": null}], []),
		threat_of([{"cidr": 5, "source": "feed", "until": null}], []),
		threat_of([threat_net("tomorrow")], []),
		threat_of([threat_net(true)], []),
		threat_of([], [{"id": "42", "source": "case 7", "until": null}]),
	] {
		"missing:data.threat" in data.yoto.authz.deny with input as threat_input("198.51.100.9") with data.threat as wrong
	}
}
