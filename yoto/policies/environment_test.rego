package yoto.authz_test

# Only these codes are tested, so that tests hold whatever the documents of other policies say.
environment_codes := {
	"missing:data.environment",
	"missing:context.environment.load",
	"system_overloaded",
	"missing:context.environment.error_rate",
	"system_failing",
	"missing:context.environment.maintenance",
	"in_maintenance",
	"missing:context.environment.emergency",
	"in_emergency",
}

environment_input(environment) := {
	"subject": {"id": 1},
	"action": {"name": "vault.open", "names": ["*", "vault.*", "vault.open"]},
	"resource": {"scope": "global", "id": null},
	"context": {"environment": environment},
}

environment_limits := {
	"load": {"vault.*": 2},
	"error_rate": {"vault.*": 0.2},
	"maintenance": ["vault.open"],
	"emergency": ["vault.open"],
}

environment_calm := {"load": 2, "error_rate": 0, "maintenance": false, "emergency": false}

environment_denied(environment) := found if {
	found := environment_codes & data.yoto.authz.deny with input as environment_input(environment) with data.environment as environment_limits
}

test_environment_that_is_calm_is_fine if {
	count(environment_codes & data.yoto.authz.deny) == 0 with input as environment_input(environment_calm) with data.environment as environment_limits
}

test_environment_overloaded_denies if {
	environment_denied(object.union(environment_calm, {"load": 2.1})) == {"system_overloaded"}
}

test_environment_failing_denies if {
	environment_denied(object.union(environment_calm, {"error_rate": 0.21})) == {"system_failing"}
}

test_environment_in_maintenance_denies if {
	environment_denied(object.union(environment_calm, {"maintenance": true})) == {"in_maintenance"}
}

test_environment_in_emergency_denies if {
	environment_denied(object.union(environment_calm, {"emergency": true})) == {"in_emergency"}
}

test_environment_that_is_unknown_denies if {
	found := environment_denied({})
	count(found) == 4
	every code in found {
		startswith(code, "missing:context.environment.")
	}
}

test_environment_of_wrong_types_denies if {
	found := environment_denied({"load": "0", "error_rate": null, "maintenance": 0, "emergency": "false"})
	count(found) == 4
}

test_environment_without_limits_is_not_asked if {
	count(environment_codes & data.yoto.authz.deny) == 0 with input as environment_input({}) with data.environment as {"load": {}, "error_rate": {}, "maintenance": [], "emergency": []}
}
