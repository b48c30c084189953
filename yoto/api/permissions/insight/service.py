"""Explanations and searches, for callers who may have them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from yoto.api.permissions.checks.service import (
    Question,
    demand_insight,
    may_audit,
    place_of,
    question_of,
)
from yoto.api.visibility import demand_sight
from yoto.extensions import permissions
from yoto.nodes import APPLICATIONS, GLOBAL_KIND
from yoto.permission import Explanation, Page, Place, subject_text


def explanation(caller_id: int, asked: Mapping[str, Any]) -> Explanation:
    """The explanation of a verdict about the caller, or somebody else.

    Raises:
        PermissionDenied: it is about somebody else, and the caller may not know about others.
        ValidationFailed, UnknownResource: as ``PermissionSystem.explain``.
    """
    user_id = asked["user_id"] or caller_id
    question = question_of(asked)
    if user_id != caller_id:
        demand_insight(caller_id, [question])
    else:
        demand_sight(caller_id, [place_of(question)])
    return permissions.explain(
        user_id,
        *question,
        context=asked["context"],
        at_least=asked["at_least"],
        # They name roles that the caller does not have, with the number of their holders.
        changes=user_id != caller_id or may_audit(caller_id, question),
    )


def resources(caller_id: int, asked: Mapping[str, Any]) -> Page:
    """The resources of a type on which the caller, or somebody else, has a permission.

    Raises: as ``explanation``; about others everywhere it takes the platform's right to audit.
    """
    user_id, within = asked["user_id"] or caller_id, asked["within"]
    if user_id != caller_id:
        named = asked["permission"] or asked["expression"]
        demand_insight(caller_id, [Question(named, *(within or (GLOBAL_KIND, None)))])
    elif within is not None:
        demand_sight(caller_id, [Place(*within)])
    return permissions.list_resources(
        user_id,
        asked["permission"],
        asked["scope"],
        after=asked["after"],
        limit=asked["limit"],
        within=within,
        expression=asked["expression"],
    )


def users(caller_id: int, asked: Mapping[str, Any]) -> dict[str, Any]:
    """People with a permission in a place; raises as ``explanation``."""
    question = question_of(asked)
    demand_insight(caller_id, [question])
    page = permissions.list_users(
        *question,
        after=asked["after"],
        limit=asked["limit"],
        numbers=True,
        expression=asked["expression"],
    )
    people = [number for number in page.ids if number < APPLICATIONS]
    programs = [number - APPLICATIONS for number in page.ids if number > APPLICATIONS]
    return {
        "ids": people,
        "applications": programs,
        "next_after": page.next_after,
        "incomplete": page.incomplete,
    }


def sets(caller_id: int, asked: Mapping[str, Any]) -> list[str]:
    """Sets with a permission in a place, as texts; raises as ``explanation``."""
    question = question_of(asked)
    demand_insight(caller_id, [question])
    return [subject_text(found) for found in permissions.list_sets(*question)]
