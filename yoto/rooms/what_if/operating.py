"""Dry runs of acts on rights, and two people side by side, for operators."""

from __future__ import annotations

from typing import Annotated

from marshmallow.validate import Length

from yoto.api.permissions.checks.asking import Question
from yoto.auth.operators import VIEW
from yoto.errors import UnknownResource
from yoto.http.operation import Limit, Subject
from yoto.http.paging import PAGE_DEFAULT
from yoto.nodes import GLOBAL_KIND, NodeId
from yoto.operate.insight import asked_user, demand_operators_insight, open_question
from yoto.operate.permissions.shapes import USERNAME_LENGTH, Scope
from yoto.rooms.what_if.acts import ActFields
from yoto.rooms.what_if.report import Comparison, Differing, WhatIf
from yoto.rooms.what_if.trying import TRYING

what_if = Subject(
    "what_if",
    "/what-if",
    "Who would gain and who would lose what by a change of rights",
    "act",
)
compare = Subject(
    "compare",
    "/compare",
    "Two people side by side",
    "person",
    names={Comparison: "PeopleCompared", Differing: "DifferingRight"},
)

CURSOR_LENGTH = 200
AfterCursor = Annotated[str | None, Length(1, CURSOR_LENGTH), "The `next_after` of the page before"]
Who = Annotated[str, Length(1, USERNAME_LENGTH), "A username, or a number behind `#`"]


@what_if.operation("POST", "", VIEW, body="TryAct", changes=False, also=(404, 409))
def try_act(act: ActFields, after: AfterCursor = None, limit: Limit = PAGE_DEFAULT) -> WhatIf:
    """Dry run of an act: people who would gain or lose permissions; nothing is changed

    It is refused if the act would be. Beyond `platform.view` it takes the right to audit everywhere
    that the act reaches, or `admin.audit`.
    """
    demand_operators_insight(Question("", *place) for place in TRYING.reached_by(act))
    return TRYING.try_act(act, after=after, limit=limit, numbers=True)


@compare.operation("GET", "", VIEW, also=(404,))
def compare_people(
    user: Who,
    other: Who,
    scope: Scope = GLOBAL_KIND,
    scope_id: NodeId | None = None,
) -> Comparison:
    """Permissions in a place that only one of two people has

    Beyond `platform.view` it takes the right to audit there, or `admin.audit`.
    """
    place = open_question("", scope, scope_id)
    pair = _number(user, "user"), _number(other, "other")
    return TRYING.compare(*pair, place.scope, place.scope_id, numbers=True)


def _number(who: str, field: str) -> int:
    try:
        if who.startswith("#") and who[1:].isascii() and who[1:].isdecimal():
            return asked_user(int(who[1:]), None)
        return asked_user(None, who)
    except UnknownResource as error:
        raise UnknownResource("user", error.resource_id, field) from None
