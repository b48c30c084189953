"""A candidate that is evaluated beside the active policies."""

from __future__ import annotations

from functools import partial
from typing import Annotated, TypedDict

import marshmallow as ma
from marshmallow.validate import Length

from yoto.auth.operators import ADMIN, VIEW
from yoto.extensions import policy
from yoto.http.shapes import Between
from yoto.operate.operation import Author, Reason, Subject
from yoto.operate.policies.entries import refused_by_field
from yoto.operate.policies.shapes import NAMES, Number, Rego, Tests
from yoto.policy import PolicyReceipt, ShadowReport

candidate = Subject(
    "candidate",
    "/policy-shadow",
    "A candidate that is evaluated beside the active policies",
    "candidate",
    "policy shadow",
    "Evaluate a candidate beside the active policies.",
    NAMES,
)
Seen = Annotated[Number, "The candidate that you saw"]


class Shadow(TypedDict):
    """The candidate, if there is one."""

    candidate: ShadowReport | None


@candidate.operation("GET", "", VIEW)
def read_shadow() -> Shadow:
    """What would change with the candidate, from all workers"""
    return {"candidate": policy.shadow_report()}


@candidate.operation("POST", "", ADMIN, body="StartShadow", status=201)
def start_shadow(
    name: Annotated[str, partial(ma.fields.String, validate=Length(1, 64))],
    source: Rego,
    reason: Reason,
    by: Author,
    tests: Tests = "",
    sample: Annotated[
        float, Between(0, 1, above=True), "The share of evaluations it is to run beside"
    ] = 1.0,
) -> PolicyReceipt:
    """Evaluate a candidate beside the active policies; there is one at a time"""
    with refused_by_field(name):
        return policy.start_shadow(name, source, by, sample, reason, tests)


@candidate.operation("POST", "/promote", ADMIN, body="EndShadow")
def promote_shadow(version: Seen, reason: Reason, by: Author) -> PolicyReceipt:
    """Bring the candidate into force; it is rolled back if denials jump then"""
    with refused_by_field("", "version"):
        return policy.promote(by, reason, version)


@candidate.operation("POST", "/drop", ADMIN, body="EndShadow")
def drop_shadow(version: Seen, reason: Reason, by: Author) -> PolicyReceipt:
    """End the candidate"""
    return policy.drop(by, reason, version)
