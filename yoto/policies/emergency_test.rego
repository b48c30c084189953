package yoto.authz_test

emergency_codes := {"risk_too_high", "missing:context.risk.score"}

emergency_now := 1795521600

emergency_input(access) := {
	"subject": object.union({"id": 1}, access),
	"action": {"name": "vault.open", "names": ["*", "vault.*", "vault.open"]},
	"resource": {"scope": "global", "id": null},
	"context": {"time": emergency_now, "risk": {"score": 99}},
}

emergency_access_of(until, reason) := {"emergency": {"id": 1, "until": until, "reason": reason}}

emergency_denied(access, codes) := found if {
	found := emergency_codes & data.yoto.authz.standing with input as emergency_input(access) with data.risk as {"limits": {"vault.*": 10}} with data.emergency as {"lifts": {"vault.*": codes}}
}

test_emergency_access_lifts_what_the_document_lists if {
	emergency_denied(emergency_access_of(emergency_now + 60, "the bridge is out"), ["risk_too_high"]) == set()
}

test_emergency_access_lifts_nothing_else if {
	emergency_denied(emergency_access_of(emergency_now + 60, "the bridge is out"), ["in_emergency"]) == {"risk_too_high"}
}

test_emergency_access_that_is_over_lifts_nothing if {
	emergency_denied(emergency_access_of(emergency_now, "the bridge is out"), ["risk_too_high"]) == {"risk_too_high"}
}

test_emergency_access_without_a_reason_lifts_nothing if {
	every wrong in ["", null, 1] {
		emergency_denied(emergency_access_of(emergency_now + 60, wrong), ["risk_too_high"]) == {"risk_too_high"}
	}
}

test_without_emergency_access_nothing_is_lifted if {
	every wrong in [{}, {"emergency": null}, {"emergency": true}, {"emergency": {"until": "tomorrow", "reason": "x"}}] {
		emergency_denied(wrong, ["risk_too_high"]) == {"risk_too_high"}
	}
}

test_what_is_missing_is_never_lifted if {
	document := json.remove(emergency_input(emergency_access_of(emergency_now + 60, "the bridge is out")), ["context/risk"])
	found := emergency_codes & data.yoto.authz.standing with input as document with data.risk as {"limits": {"vault.*": 10}} with data.emergency as {"lifts": {"vault.*": ["missing:context.risk.score"]}}
	found == {"missing:context.risk.score"}
}
