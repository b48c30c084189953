# The decision. Every other policy only adds codes to `deny`, or to `lifted`.
#
# A rule is written so that it denies unless what lets through is there and of the right type:
# `not <something that is true>`. A value that cannot be had, or computed, then denies by itself.
# Conditions on the permission, the scope and the documents alone stand first: they are known before
# any question, and a rule that cannot hold then is not evaluated for that permission at all.
package yoto.authz

standing contains code if {
	some code in deny
	not code in lifted
}

decision := {"allow": true, "deny": set()} if {
	named
	count(standing) == 0
} else := {"allow": false, "deny": standing}

deny contains "missing:action.name" if not is_string(input.action.name)

# The permission's names in documents: "*" for all, "admin.*" for all of its group, its own.
deny contains "missing:action.names" if not named

named if {
	is_array(input.action.names)
	input.action.name in input.action.names
	"*" in input.action.names
}

# Only arrays are iterated over: for anything else, one engine makes an error and another nothing.
names contains name if {
	is_array(input.action.names)
	some name in input.action.names
}

deny contains "missing:subject.id" if not has_subject

# A number, or a text where the application's people have such ids.
has_subject if is_number(input.subject.id)

has_subject if {
	is_string(input.subject.id)
	count(input.subject.id) > 0
}

deny contains "missing:resource.scope" if not has_scope

# Any type that the application declares.
has_scope if {
	is_string(input.resource.scope)
	input.resource.scope != ""
}

in_server if input.resource.scope == "server"

in_server if input.resource.scope == "channel"
