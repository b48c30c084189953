package yoto.authz_test

# Of all codes only these: tests hold whatever the documents of other policies say.
quota_codes := {
	"missing:data.quota",
	"missing:context.quota.message.send",
	"quota_too_low",
}

quota_input(quota) := {
	"subject": {"id": 1},
	"action": {"name": "vault.open", "names": ["*", "vault.*", "vault.open"]},
	"resource": {"scope": "global", "id": null},
	"context": {"quota": quota},
}

quota_reserves := {"reserves": {"vault.open": {"limiter": "message.send", "remaining": 5}}}

test_quota_with_enough_left_is_fine if {
	count(quota_codes & data.yoto.authz.deny) == 0 with input as quota_input({"message.send": {"remaining": 5}}) with data.quota as quota_reserves
}

test_quota_with_too_little_left_denies if {
	found := quota_codes & data.yoto.authz.deny with input as quota_input({"message.send": {"remaining": 4}}) with data.quota as quota_reserves
	found == {"quota_too_low"}
}

test_quota_that_is_unknown_denies if {
	every wrong in [{}, {"message.send": {"remaining": "9"}}, {"message.send": null}, null] {
		found := quota_codes & data.yoto.authz.deny with input as quota_input(wrong) with data.quota as quota_reserves
		found == {"missing:context.quota.message.send"}
	}
}

test_quota_a_reserve_without_a_limiter_denies if {
	found := quota_codes & data.yoto.authz.deny with input as quota_input({}) with data.quota as {"reserves": {"*": {"remaining": 1}}}
	"missing:data.quota" in found
}
