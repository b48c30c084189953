"""The model that every measurement gives pycasbin: RBAC with domains. Nothing else is imported."""

from __future__ import annotations

FIRST_KEYS = (1, 2)  # the fields that FastEnforcer filters by: domain and action

MODEL = """
[request_definition]
r = sub, dom, act
[policy_definition]
p = sub, dom, act
[role_definition]
g = _, _
[policy_effect]
e = some(where (p.eft == allow))
[matchers]
m = g(r.sub, p.sub) && r.dom == p.dom && r.act == p.act
"""
