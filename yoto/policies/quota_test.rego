package yoto.authz_test

# Only these codes are tested, so that tests hold whatever the documents of other policies say.
quota_codes := {
	"missing:data.quota",
	"missing:context.quota.message.send",
	"quota_too_low",
	"missing:resource.usage.channels",
	"resource_quota_reached",
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

usage_input(usage) := {
	"subject": {"id": 1},
	"action": {"name": "vault.open", "names": ["*", "vault.*", "vault.open"]},
	"resource": {"scope": "server", "id": 2, "usage": usage},
	"context": {},
}

usage_limit(below) := {"reserves": {}, "resources": {"vault.open": {"counted": "channels", "below": below}}}

test_quota_with_fewer_things_than_the_limit_is_fine if {
	count(quota_codes & data.yoto.authz.deny) == 0 with input as usage_input({"channels": 499}) with data.quota as usage_limit(500)
}

test_quota_with_as_many_things_as_the_limit_denies if {
	every below in [500, 499, "500", null] {
		found := quota_codes & data.yoto.authz.deny with input as usage_input({"channels": 500}) with data.quota as usage_limit(below)
		found == {"resource_quota_reached"}
	}
}

test_quota_things_that_nobody_counted_deny if {
	every wrong in [{}, {"channels": "3"}, {"members": 1}, null] {
		found := quota_codes & data.yoto.authz.deny with input as usage_input(wrong) with data.quota as usage_limit(500)
		found == {"missing:resource.usage.channels"}
	}
}

test_quota_things_that_nobody_can_count_deny if {
	found := quota_codes & data.yoto.authz.deny with input as usage_input({}) with data.quota as {"reserves": {}, "resources": {"*": {"counted": "stars", "below": 1}}}
	"missing:data.quota" in found
}

test_quota_a_document_without_things_has_no_limit_of_them if {
	count(quota_codes & data.yoto.authz.deny) == 0 with input as usage_input({}) with data.quota as {"reserves": {}}
	"missing:data.quota" in data.yoto.authz.deny with input as usage_input({}) with data.quota as {"reserves": {}, "resources": []}
}
