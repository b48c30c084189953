package yoto.authz_test

# Only these codes are tested, so that tests hold whatever the documents of other policies say.
device_codes := {
	"missing:data.device",
	"missing:resource.server.device_required",
	"missing:context.device.registered",
	"device_not_registered",
}

device_input(context, required) := {
	"subject": {"id": 1},
	"action": {"name": "server.manage", "names": ["*", "server.*", "server.manage"]},
	"resource": {
		"scope": "server",
		"id": 7,
		"server": {
			"time_zone": "UTC",
			"access_hours": null,
			"blocked_networks": [],
			"device_required": required,
		},
	},
	"context": object.union(context, {"environment": {"emergency": false}}),
}

device_document_of_test := {"required": [], "servers": ["server.*"]}

device_of(registered) := {"device": {"registered": registered}}

test_device_required_by_a_server if {
	count(device_codes & data.yoto.authz.deny) == 0 with input as device_input(device_of(false), false) with data.device as device_document_of_test
	count(device_codes & data.yoto.authz.deny) == 0 with input as device_input(device_of(true), true) with data.device as device_document_of_test
	found := device_codes & data.yoto.authz.deny with input as device_input(device_of(false), true) with data.device as device_document_of_test
	found == {"device_not_registered"}
}

test_device_required_by_the_document if {
	document := {"required": ["server.manage"], "servers": []}
	count(device_codes & data.yoto.authz.deny) == 0 with input as device_input(device_of(true), false) with data.device as document
	found := device_codes & data.yoto.authz.deny with input as device_input(device_of(false), false) with data.device as document
	found == {"device_not_registered"}
}

test_device_that_is_unknown_denies if {
	every wrong in [null, "true", 1] {
		found := device_codes & data.yoto.authz.deny with input as device_input(device_of(wrong), true) with data.device as device_document_of_test
		found == {"missing:context.device.registered"}
	}
}

test_device_without_a_request_denies if {
	found := device_codes & data.yoto.authz.deny with input as device_input({}, true) with data.device as device_document_of_test
	found == {"missing:context.device.registered"}
}

test_device_required_of_a_wrong_type_denies if {
	every wrong in [null, "false", 0] {
		found := device_codes & data.yoto.authz.deny with input as device_input(device_of(true), wrong) with data.device as device_document_of_test
		found == {"missing:resource.server.device_required"}
	}
}
