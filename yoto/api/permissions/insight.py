"""Explanations of verdicts, and searches for resources and for people by permission, for callers
who may have them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any, TypedDict

import marshmallow as ma

from yoto.api.guards import PERMISSION_ASK, STATEMENTS_OF_SEARCH
from yoto.api.permissions.checks.asking import (
    Question,
    demand_insight,
    may_audit,
    place_of,
    question_of,
)
from yoto.api.permissions.insight_queries import (
    INCOMPLETE,
    NEXT_AFTER,
    ExplainSchema,
    ResourcesQuery,
    SetsQuery,
    UsersQuery,
)
from yoto.api.visibility import demand_sight
from yoto.auth.access import signed_in
from yoto.extensions import permissions
from yoto.http.operation import Actor, Subject
from yoto.http.shapes import parts_of, schema_named
from yoto.nodes import APPLICATIONS, GLOBAL_KIND, NodeId
from yoto.permission import Explanation, Page, Place, VerdictChange, subject_text
from yoto.resilience import rate_limit

SETS = "team:5, everyone:server:7 or public"


class Ids(TypedDict):
    """Ids in ascending order."""

    ids: Sequence[NodeId]
    next_after: Annotated[NodeId | None, NEXT_AFTER]


class UserPage(TypedDict):
    """Ids in ascending order, of people and of programs."""

    ids: Sequence[int]
    applications: Sequence[int]
    next_after: Annotated[NodeId | None, NEXT_AFTER]
    incomplete: Annotated[str | None, INCOMPLETE]


class Sets(TypedDict):
    """Sets of people who have the permission merely by belonging to the set."""

    sets: Annotated[Sequence[str], SETS]


insight = Subject(
    "insight",
    "/permissions",
    "Why somebody may do something; where they may; who may",
    "verdict",
    names={
        Page: schema_named("Page", ma.Schema, True, *parts_of(Ids)),
        VerdictChange: "Change",
    },
)
_search = rate_limit(PERMISSION_ASK, cost=STATEMENTS_OF_SEARCH)


@insight.operation(
    "POST", "/explain", signed_in, body=ExplainSchema, changes=False, also=(404, 429)
)
@_search
def explain(actor_id: Actor, **asked: Any) -> Explanation:
    """Explain a verdict, with the changes that would turn it

    About somebody else it takes the right to audit there (`server.audit` in a server), or
    `admin.audit`.
    """
    user_id = asked["user_id"] or actor_id
    question = question_of(asked)
    if user_id != actor_id:
        demand_insight(actor_id, [question])
    else:
        demand_sight(actor_id, [place_of(question)])
    return permissions.explain(
        user_id,
        *question,
        context=asked["context"],
        at_least=asked["at_least"],
        # They name roles that the caller does not have, with the number of their holders.
        changes=user_id != actor_id or may_audit(actor_id, question),
    )


@insight.operation("GET", "/resources", signed_in, body=ResourcesQuery, also=(404, 429))
@_search
def list_resources(actor_id: Actor, **asked: Any) -> Page:
    """The resources of a type with which you, or somebody else, have a permission

    `expression` asks for several at once: `channel.read AND NOT message.send`. About somebody else
    it takes `admin.audit`, or `within` and the right to audit there.
    """
    user_id, within = asked.pop("user_id") or actor_id, asked["within"]
    if user_id != actor_id:
        named = asked["permission"] or asked["expression"]
        demand_insight(actor_id, [Question(named, *(within or (GLOBAL_KIND, None)))])
    elif within is not None:
        demand_sight(actor_id, [Place(*within)])
    return permissions.list_resources(user_id, asked.pop("permission"), asked.pop("scope"), **asked)


@insight.operation("GET", "/users", signed_in, body=UsersQuery, also=(404, 429))
@_search
def list_users(actor_id: Actor, **asked: Any) -> UserPage:
    """People and programs with a permission in a place

    `expression` asks for several at once. It takes the right to audit there (`server.audit` in a
    server), or `admin.audit`.
    """
    question = question_of(asked)
    demand_insight(actor_id, [question])
    page = permissions.list_users(
        *question,
        after=asked["after"],
        limit=asked["limit"],
        numbers=True,
        expression=asked["expression"],
    )
    return {
        "ids": [number for number in page.ids if number < APPLICATIONS],
        "applications": [number - APPLICATIONS for number in page.ids if number > APPLICATIONS],
        "next_after": page.next_after,
        "incomplete": page.incomplete,
    }


@insight.operation("GET", "/sets", signed_in, body=SetsQuery, also=(404, 429))
@_search
def list_sets(actor_id: Actor, **asked: Any) -> Sets:
    """Sets with a permission in a place: teams, everybody of a resource, and the public

    Their members have it merely by belonging to the set. It takes the same rights as the list of
    people.
    """
    question = question_of(asked)
    demand_insight(actor_id, [question])
    return {"sets": [subject_text(found) for found in permissions.list_sets(*question)]}
