package yoto.authz_test

# Only these codes are tested, so that tests hold whatever the documents of other policies say.
main_codes := {
	"missing:action.name",
	"missing:action.names",
	"missing:subject.id",
	"missing:resource.scope",
}

main_input := {
	"subject": {"id": 1, "clearance": 0},
	"action": {"name": "vault.open", "names": ["*", "vault.*", "vault.open"]},
	"resource": {"scope": "global", "id": null},
	"context": {},
}

test_main_finds_a_whole_question_complete if {
	count(main_codes & data.yoto.authz.deny) == 0 with input as main_input
}

test_main_denies_an_empty_input if {
	found := data.yoto.authz.decision with input as {}
	found.allow == false
	"missing:action.name" in found.deny
	"missing:subject.id" in found.deny
	"missing:resource.scope" in found.deny
}

test_main_denies_a_name_that_is_no_text if {
	every wrong in [null, false, 0, [], {}] {
		found := data.yoto.authz.decision with input as object.union(main_input, {"action": {"name": wrong, "names": ["*", wrong]}})
		found.allow == false
		"missing:action.name" in found.deny
	}
}

test_main_denies_names_without_the_name if {
	found := data.yoto.authz.decision with input as object.union(main_input, {"action": {"name": "vault.open", "names": ["*"]}})
	found.allow == false
	"missing:action.names" in found.deny
}

test_main_denies_a_scope_that_is_no_name if {
	every wrong in [null, false, 0, [], {}, ""] {
		found := data.yoto.authz.decision with input as object.union(main_input, {"resource": {"scope": wrong}})
		found.allow == false
		"missing:resource.scope" in found.deny
	}
}
