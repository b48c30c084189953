"""A candidate that is evaluated beside the active policies."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace
from functools import partial
from typing import Annotated, TypedDict

import marshmallow as ma
from marshmallow.validate import Length

from yoto.auth.operators import ADMIN, VIEW
from yoto.errors import ValidationFailed
from yoto.extensions import permissions
from yoto.http.operation import Author, Reason, Subject
from yoto.http.shapes import Between
from yoto.operate.insight import has_insight
from yoto.permission import NO_PERSON, current_keys, number_of, own_ids
from yoto.rooms.policies import PolicyReceipt, ShadowReport
from yoto.rooms.policies.manager import policy
from yoto.rooms.policies.operating.entries import refused_by_field
from yoto.rooms.policies.operating.shapes import NAMES, Number, Rego, Tests

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


class LockedOut(TypedDict):
    """A user to whom the candidate would deny something that they may do now."""

    id: Annotated[str, "Of the user"]
    decisions: int
    operator: Annotated[
        bool | None,
        "Whether they may view the platform; null: unknown, or not for the caller to know",
    ]


class Shadow(TypedDict):
    """The candidate, if there is one."""

    candidate: ShadowReport | None
    locked_out: Annotated[list[LockedOut], "Operators first, then those denied most"]


@candidate.operation("GET", "", VIEW)
def read_shadow() -> Shadow:
    """Differences between the candidate and the active policies, from all workers"""
    report = policy.shadow_report()
    if report is not None:
        report = replace(
            report, subjects=_by_number(report.subjects), denied=_by_number(report.denied)
        )
    denied = {} if report is None else report.denied
    operators = _operators_of(denied) if has_insight() else {}
    found: list[LockedOut] = [
        {"id": user, "decisions": count, "operator": operators.get(user)}
        for user, count in denied.items()
    ]
    return {
        "candidate": report,
        "locked_out": sorted(found, key=lambda one: (not one["operator"], -one["decisions"])),
    }


def _by_number(users: Mapping[str, int]) -> dict[str, int]:
    """Counts by user number, from counts by the ids in policy inputs."""
    if current_keys() is None:
        return dict(users)
    found: dict[str, int] = {}
    for user, count in users.items():
        try:
            number = number_of(user)
        except ValidationFailed:
            # The input id of a program is not an own id, and "(others)" is no id at all.
            found[user] = count
        else:
            found[user if number == NO_PERSON else str(number)] = count
    return found


def _operators_of(users: Collection[str]) -> dict[str, bool]:
    """Whether users named in inputs are operators by their roles, as far as they are people."""
    people = own_ids(int(user) for user in users if user.isdecimal())
    asked = permissions.batch_check_permissions(list(people.values()), VIEW)
    return {str(number): asked.get(own, False) for number, own in people.items()}


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
