"""Answers of the permission system, for callers who may have them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from yoto.api.visibility import demand_sight
from yoto.errors import PermissionDenied
from yoto.extensions import permissions
from yoto.http.problems import where_to_ask
from yoto.nodes import GLOBAL_KIND, NodeId
from yoto.permission import MembershipStatus, Place
from yoto.store.resources import known_types

PLATFORM_AUDIT = "admin.audit"
NOT_YOURS = "about_somebody_else"


class Question(NamedTuple):
    """A permission in a place."""

    permission: str
    scope: str
    scope_id: NodeId | None


def question_of(body: Mapping[str, Any]) -> Question:
    """The question in a request."""
    return Question(body["permission"], body["scope"], body["scope_id"])


def place_of(question: Question) -> Place:
    """The place of a question."""
    return Place(question.scope, question.scope_id)


def verdict(caller_id: int, user_id: int | None, question: Question) -> dict[str, Any]:
    """The answer to one question.

    Only callers who ask about themselves get the reason: it counts as a use of the permission,
    which is audited for super-admins, and no caller uses another person's permission.

    Raises:
        PermissionDenied: it is about somebody else, and the caller may not know about others.
        ValidationFailed, UnknownResource: as ``PermissionSystem.decide``.
    """
    answer = question._asdict() | {"user_id": user_id or caller_id, "reason": None}
    if user_id in (None, caller_id):
        decision = permissions.decide(caller_id, *question)
        if not decision.allowed:
            demand_sight(caller_id, [place_of(question)])
            answer |= _request_for(caller_id, question, decision.reason)
        return answer | {"allowed": decision.allowed, "reason": decision.reason}
    demand_insight(caller_id, [question])
    return answer | {"allowed": permissions.check_many(user_id, [question])[0]}


def _request_for(caller_id: int, question: Question, reason: str) -> dict[str, Any]:
    """The access request by which the caller can ask for the missing permission, as in problems."""
    href, (permission, scope, scope_id) = where_to_ask(), question
    if href is None or scope_id is None:
        return {}
    if not permissions.is_requestable(caller_id, permission, scope, scope_id, reason):
        return {}
    return {"access_request": {"href": href, **question._asdict()}}


def verdicts(caller_id: int, user_id: int | None, questions: Sequence[Question]) -> list[bool]:
    """The answers to many questions about one user, in their order; raises as ``verdict``."""
    if user_id not in (None, caller_id):
        demand_insight(caller_id, questions)
        return permissions.check_many(user_id, questions)
    answers = permissions.check_many(caller_id, questions)
    asked = zip(questions, answers, strict=True)
    demand_sight(caller_id, [place_of(question) for question, allowed in asked if not allowed])
    return answers


def allowed_users(caller_id: int, user_ids: Iterable[int], question: Question) -> list[int]:
    """Those of the users who have the permission there, in their order; raises as ``verdict``."""
    asked = list(dict.fromkeys(user_ids))
    if asked != [caller_id]:
        demand_insight(caller_id, [question])
    answers = permissions.batch_check_permissions(asked, *question)
    if asked == [caller_id] and not answers[caller_id]:
        demand_sight(caller_id, [place_of(question)])
    return [user_id for user_id in asked if answers[user_id]]


def own_permissions(caller_id: int, scope: str, scope_id: NodeId | None) -> list[str]:
    """All permissions of the caller in a place.

    Raises:
        UnknownResource: it does not exist, or is hidden from the caller.
    """
    names = permissions.effective_permissions(caller_id, scope, scope_id)
    demand_sight(caller_id, [Place(scope, scope_id)])
    return names


def may_audit(caller_id: int, question: Question) -> bool:
    """Whether the caller may know about others in the question's place."""
    try:
        demand_insight(caller_id, [question])
    except PermissionDenied:
        return False
    return True


def demand_insight(
    caller_id: int, questions: Iterable[Question], *, sees_all: bool = False
) -> None:
    """Go on only when the caller may know about others in all these places.

    That takes the right to audit the home of each (``audit`` of its type, in a community
    ``server.audit``); if a type declares none, the home's administrators and owner may.
    ``admin.audit`` is enough everywhere, and needed for places without a home.

    Args:
        sees_all: the caller can see every place anyway, as operators can, so the error names the
            missing right.

    Raises:
        PermissionDenied: the caller may not.
        UnknownResource: a resource does not exist, or is hidden from the caller.
    """
    if permissions.check_permission(caller_id, PLATFORM_AUDIT):
        return
    places = list(dict.fromkeys(map(place_of, questions)))
    # This comes before any look-up, so that missing and hidden places cannot be distinguished.
    if any(place.kind == GLOBAL_KIND or place.id is None for place in places):
        raise PermissionDenied(NOT_YOURS, PLATFORM_AUDIT)
    homes = permissions.homes_of(places)
    lacking = PLATFORM_AUDIT if None in homes.values() else _lacking(caller_id, homes.values())
    if lacking is not None:
        if not sees_all:
            demand_sight(caller_id, places)
        raise PermissionDenied(NOT_YOURS, lacking)


def _lacking(caller_id: int, homes: Iterable[Place | None]) -> str | None:
    """The right that the caller lacks to audit one of these homes; None: they may."""
    asked = []
    for home in dict.fromkeys(homes):
        assert home is not None
        declared = known_types().get(home.kind)
        name = declared.audit or declared.administrator
        if name is None or not permissions.is_registered(name):
            status = permissions.effective(caller_id, *home).status
            if status < MembershipStatus.ADMINISTRATOR:
                return name or PLATFORM_AUDIT
        else:
            asked.append(Question(name, *home))
    allowed = permissions.check_many(caller_id, asked)
    return next((one.permission for one, may in zip(asked, allowed, strict=True) if not may), None)
