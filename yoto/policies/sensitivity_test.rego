package yoto.authz_test

# Only these codes are tested, so that tests hold whatever the documents of other policies say.
sensitivity_codes := {
	"missing:resource.channel.sensitivity",
	"missing:subject.clearance",
	"clearance_too_low",
}

sensitivity_input(clearance, sensitivity) := {
	"subject": {"id": 1, "clearance": clearance},
	"action": {"name": "message.send", "names": ["*", "message.*", "message.send"]},
	"resource": {
		"scope": "channel",
		"id": 3,
		"channel": {"sensitivity": sensitivity, "hours": null},
		"server": {"time_zone": "UTC"},
	},
	"context": {},
}

test_sensitivity_up_to_the_clearance_is_fine if {
	count(sensitivity_codes & data.yoto.authz.deny) == 0 with input as sensitivity_input(2, 2)
	count(sensitivity_codes & data.yoto.authz.deny) == 0 with input as sensitivity_input(0, 0)
}

test_sensitivity_above_the_clearance_denies if {
	found := sensitivity_codes & data.yoto.authz.deny with input as sensitivity_input(1, 2)
	found == {"clearance_too_low"}
}

test_sensitivity_a_clearance_that_is_no_number_denies if {
	every wrong in [null, "4", true] {
		found := sensitivity_codes & data.yoto.authz.deny with input as sensitivity_input(wrong, 0)
		found == {"missing:subject.clearance"}
	}
}

test_sensitivity_that_is_no_number_denies if {
	every wrong in [null, "0", false] {
		found := sensitivity_codes & data.yoto.authz.deny with input as sensitivity_input(4, wrong)
		found == {"missing:resource.channel.sensitivity"}
	}
}
