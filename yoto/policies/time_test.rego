package yoto.authz_test

# Only these codes are tested, so that tests hold whatever the documents of other policies say.
time_codes := {
	"missing:data.hours",
	"missing:context.time",
	"outside_business_hours",
	"missing:resource.server.access_hours",
	"missing:resource.server.time_zone",
	"outside_access_hours",
	"missing:resource.channel.hours",
	"outside_posting_hours",
}

time_noon := 1795521600

time_days := ["mon", "tue", "wed", "thu", "fri"]

time_morning := {"days": time_days, "from": "08:00", "to": "11:00"}

time_day := {"days": time_days, "from": "08:00", "to": "18:00"}

time_hours := {
	"business": {"admin.*": object.union(time_day, {"time_zone": "UTC"})},
	"access": ["server.*"],
	"posting": ["message.send"],
}

time_admin(moment) := {
	"subject": {"id": 1},
	"action": {"name": "admin.users", "names": ["*", "admin.*", "admin.users"]},
	"resource": {"scope": "global", "id": null},
	"context": {"time": moment, "ip": "192.0.2.1"},
}

time_send(hours, context) := {
	"subject": {"id": 1, "clearance": 0},
	"action": {"name": "message.send", "names": ["*", "message.*", "message.send"]},
	"resource": {
		"scope": "channel",
		"id": 3,
		"channel": {"sensitivity": 0, "hours": hours},
		"server": {"time_zone": "UTC"},
	},
	"context": context,
}

time_manage(hours) := {
	"subject": {"id": 1},
	"action": {"name": "server.manage", "names": ["*", "server.*", "server.manage"]},
	"resource": {
		"scope": "server",
		"id": 7,
		"server": {
			"time_zone": "UTC",
			"access_hours": hours,
			"blocked_networks": [],
			"device_required": false,
		},
	},
	"context": {"time": time_noon, "environment": {"emergency": false}},
}

test_time_business_hours if {
	count(time_codes & data.yoto.authz.deny) == 0 with input as time_admin(time_noon) with data.hours as time_hours
	found := time_codes & data.yoto.authz.deny with input as time_admin(time_noon + 36000) with data.hours as time_hours
	found == {"outside_business_hours"}
}

test_time_business_hours_need_the_time if {
	every wrong in ["1795521600", null, true] {
		found := time_codes & data.yoto.authz.deny with input as time_admin(wrong) with data.hours as time_hours
		found == {"missing:context.time"}
	}
}

test_time_without_hours_nobody_needs_the_time if {
	count(time_codes & data.yoto.authz.deny) == 0 with input as time_send(null, {}) with data.hours as time_hours
}

test_time_posting_hours if {
	count(time_codes & data.yoto.authz.deny) == 0 with input as time_send(time_day, {"time": time_noon}) with data.hours as time_hours
	found := time_codes & data.yoto.authz.deny with input as time_send(time_morning, {"time": time_noon}) with data.hours as time_hours
	found == {"outside_posting_hours"}
}

test_time_posting_hours_of_a_wrong_type_deny if {
	every wrong in ["08:00", 8, false] {
		found := time_codes & data.yoto.authz.deny with input as time_send(wrong, {"time": time_noon}) with data.hours as time_hours
		"missing:resource.channel.hours" in found
	}
}

test_time_posting_hours_that_are_missing_deny if {
	document := json.remove(time_send(null, {"time": time_noon}), ["resource/channel/hours"])
	found := time_codes & data.yoto.authz.deny with input as document with data.hours as time_hours
	"missing:resource.channel.hours" in found
}

test_time_access_hours if {
	count(time_codes & data.yoto.authz.deny) == 0 with input as time_manage(null) with data.hours as time_hours
	count(time_codes & data.yoto.authz.deny) == 0 with input as time_manage(time_day) with data.hours as time_hours
	found := time_codes & data.yoto.authz.deny with input as time_manage(time_morning) with data.hours as time_hours
	found == {"outside_access_hours"}
}

test_time_needs_the_zone if {
	document := json.remove(time_manage(time_day), ["resource/server/time_zone"])
	found := time_codes & data.yoto.authz.deny with input as document with data.hours as time_hours
	found == {"missing:resource.server.time_zone"}
}

test_time_a_document_that_is_wrong_denies if {
	every wrong in [{}, {"business": []}, null] {
		found := time_codes & data.yoto.authz.deny with input as time_send(null, {}) with data.hours as wrong
		"missing:data.hours" in found
	}
}
