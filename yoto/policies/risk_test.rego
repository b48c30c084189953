package yoto.authz_test

# Only these codes are tested, so that tests hold whatever the documents of other policies say.
risk_codes := {
	"missing:data.risk",
	"missing:context.risk.score",
	"risk_too_high",
}

risk_input(score) := {
	"subject": {"id": 1},
	"action": {"name": "vault.open", "names": ["*", "vault.*", "vault.open"]},
	"resource": {"scope": "global", "id": null},
	"context": {"risk": {"score": score, "parts": {}}},
}

risk_limits_of_test := {"limits": {"vault.*": 60, "*": 90}}

test_risk_up_to_the_limit_is_fine if {
	count(risk_codes & data.yoto.authz.deny) == 0 with input as risk_input(60) with data.risk as risk_limits_of_test
}

test_risk_above_the_lowest_limit_denies if {
	found := risk_codes & data.yoto.authz.deny with input as risk_input(60.5) with data.risk as risk_limits_of_test
	found == {"risk_too_high"}
}

in_server_of(owner) := object.union(risk_input(100), {"resource": {
	"scope": "server",
	"id": 7,
	"server": {"id": 7, "owner_id": owner},
}})

test_risk_of_an_owner_counts_in_other_servers_alone if {
	own := risk_codes & data.yoto.authz.deny with input as in_server_of(1) with data.risk as risk_limits_of_test
	other := risk_codes & data.yoto.authz.deny with input as in_server_of(2) with data.risk as risk_limits_of_test
	own == set()
	other == {"risk_too_high"}
}

test_risk_that_is_unknown_denies if {
	every wrong in [null, "1", true, []] {
		found := risk_codes & data.yoto.authz.deny with input as risk_input(wrong) with data.risk as risk_limits_of_test
		found == {"missing:context.risk.score"}
	}
}

test_risk_a_limit_that_is_no_number_denies if {
	found := risk_codes & data.yoto.authz.deny with input as risk_input(1) with data.risk as {"limits": {"*": "60"}}
	found == {"risk_too_high"}
}

test_risk_without_a_limit_is_not_asked if {
	count(risk_codes & data.yoto.authz.deny) == 0 with input as risk_input(null) with data.risk as {"limits": {}}
}
