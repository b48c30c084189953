"""The permissions that policies judge, and their recent inputs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Annotated, Any, TypedDict

from flask import current_app

from yoto.api.permissions.checks.asking import Question
from yoto.auth.operators import VIEW
from yoto.extensions import permissions
from yoto.http.operation import Command, Subject
from yoto.http.shapes import Between
from yoto.nodes import GLOBAL
from yoto.operate.insight import demand_operators_insight
from yoto.room import has_room
from yoto.rooms.policies import JudgedPermission
from yoto.rooms.policies.manager import policy
from yoto.rooms.policies.operating.shapes import NAMES

INPUTS_SHOWN = 50

coverage = Subject(
    "policy_coverage",
    "/policy-coverage",
    "What the policies judge",
    "policy",
    "policy",
    names=NAMES,
)


class Counted(TypedDict):
    """Recorded decisions about a permission, or an expression."""

    decisions: Annotated[int, "Estimated where allowed ones are recorded in part"]
    judged: Annotated[int, "Those that policies took part in"]


class PolicyCoverage(TypedDict):
    """Permissions with the policies that judge them, and the number of such decisions."""

    permissions: Sequence[JudgedPermission]
    recorded: Annotated[Mapping[str, Counted], "By what was asked; of the latest records"]
    decisions: int
    judged: int


class RecentInputs(TypedDict):
    """Recent inputs of policies, newest first, without secrets."""

    items: list[dict[str, Any]]


def _lines(found: PolicyCoverage) -> Iterator[str]:
    yield f"{found['judged']} of {found['decisions']} recorded decisions were judged by policies."
    for one in found["permissions"]:
        counted = found["recorded"].get(one.permission, {"decisions": 0, "judged": 0})
        by = ", ".join(one.policies) or "no policy"
        yield f"{one.permission:<32} {one.asked:<13} {counted['judged']:>8}  {by}"


@coverage.operation(
    "GET",
    "",
    VIEW,
    Command("coverage", _lines, "Show which policies judge which permissions."),
)
def read_policy_coverage() -> PolicyCoverage:
    """Permissions with the policies that judge them, and the number of recorded decisions"""
    logs = has_room(current_app, "decision_log")
    recorded: dict[str, Counted] = {
        asked: {"decisions": one.decisions, "judged": one.judged}
        for asked, one in (permissions.decision_log.judged() if logs else {}).items()
    }
    return {
        "permissions": policy.judged(),
        "recorded": recorded,
        "decisions": sum(one["decisions"] for one in recorded.values()),
        "judged": sum(one["judged"] for one in recorded.values()),
    }


@coverage.operation("GET", "/inputs", VIEW)
def list_recent_inputs(limit: Annotated[int, Between(1, INPUTS_SHOWN)] = 20) -> RecentInputs:
    """Recent inputs of policies, to try another policy with

    They show acts of others, so beyond `platform.view` this takes `admin.audit`.
    """
    demand_operators_insight([Question("", *GLOBAL)])
    return {"items": list(policy.recent_inputs(limit))}
