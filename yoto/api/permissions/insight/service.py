"""Explanations and searches, for those who may have them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from yoto.api.permissions.checks.service import Question, demand_insight, may_audit, place_of
from yoto.api.visibility import demand_sight
from yoto.extensions import permissions
from yoto.permission import Explanation, Page, Place
from yoto.store.models import ScopeType


def explanation(caller_id: int, asked: Mapping[str, Any]) -> Explanation:
    """How a verdict about the caller, or somebody else, comes about.

    Raises:
        PermissionDenied: it is about somebody else, which is not the caller's business.
        ValidationFailed, UnknownResource: as ``PermissionSystem.explain``.
    """
    user_id = asked["user_id"] or caller_id
    question = Question(asked["permission"], asked["scope"], asked["scope_id"])
    if user_id != caller_id:
        demand_insight(caller_id, [question])
    else:
        demand_sight(caller_id, [place_of(question)])
    return permissions.explain(
        user_id,
        *question,
        context=asked["context"],
        at_least=asked["at_least"],
        # They name roles that the caller has not, and say how many hold them.
        changes=user_id != caller_id or may_audit(caller_id, question),
    )


def resources(caller_id: int, asked: Mapping[str, Any]) -> Page:
    """The channels or servers in which the caller, or somebody else, may do something.

    Raises: as ``explanation``; about others in all servers it takes the platform's right to audit.
    """
    user_id, server_id = asked["user_id"] or caller_id, asked["server_id"]
    if user_id != caller_id:
        scope = ScopeType.GLOBAL if server_id is None else ScopeType.SERVER
        demand_insight(caller_id, [Question(asked["permission"], scope, server_id)])
    elif server_id is not None:
        demand_sight(caller_id, [Place(ScopeType.SERVER.value, server_id)])
    return permissions.list_resources(
        user_id, asked["permission"], asked["scope"], server_id, asked["after"], asked["limit"]
    )


def users(caller_id: int, asked: Mapping[str, Any]) -> Page:
    """Who may do something in a place; raises as ``explanation``."""
    question = Question(asked["permission"], asked["scope"], asked["scope_id"])
    demand_insight(caller_id, [question])
    return permissions.list_users(*question, after=asked["after"], limit=asked["limit"])
