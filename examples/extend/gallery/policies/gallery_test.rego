package yoto.authz_test

gallery_rules := {"minimum_age_days": 1}

gallery_upload(days) := {
	"subject": {"id": 42, "account_age_days": days},
	"action": {"name": "picture.upload", "names": ["*", "picture.*", "picture.upload"]},
	"resource": {"scope": "server", "id": 7},
	"context": {},
}

test_gallery_denies_who_has_just_joined if {
	"account_too_new" in data.yoto.authz.deny with input as gallery_upload(0.5) with data.gallery as gallery_rules
}

test_gallery_lets_in_who_has_been_here_longer if {
	codes := data.yoto.authz.deny with input as gallery_upload(1) with data.gallery as gallery_rules
	not "account_too_new" in codes
}
