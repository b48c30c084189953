# Writing policies is granting rights: only a bearer of the token may, and the health is for all.
package system.authz

default allow := false

allow if {
	token := opa.runtime().env.OPA_TOKEN
	count(token) >= 16
	input.identity == token
}

allow if input.path == ["health"]
