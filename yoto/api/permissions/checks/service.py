"""Answers of the permission system, for those who may have them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from sqlalchemy import select

from yoto.api.visibility import demand_sight
from yoto.errors import PermissionDenied, UnknownResource
from yoto.extensions import permissions
from yoto.permission import Place
from yoto.store.db import db
from yoto.store.models import Channel, ScopeType

SERVER_AUDIT = "server.audit"
PLATFORM_AUDIT = "admin.audit"
NOT_YOURS = "about_somebody_else"


class Question(NamedTuple):
    """A permission in a place."""

    permission: str
    scope: str
    scope_id: int | None


def question_of(body: Mapping[str, Any]) -> Question:
    """The question in a request."""
    return Question(body["permission"], body["scope"], body["scope_id"])


def place_of(question: Question) -> Place:
    """Where a question applies."""
    return Place(question.scope, question.scope_id)


def verdict(caller_id: int, user_id: int | None, question: Question) -> dict[str, Any]:
    """The answer to one question.

    The reason is told about oneself only: telling it counts as using the permission, which is
    audited for super-admins, and nobody uses what others have.

    Raises:
        PermissionDenied: it is about somebody else, which is not the caller's business.
        ValidationFailed, UnknownResource: as ``PermissionSystem.decide``.
    """
    answer = question._asdict() | {"user_id": user_id or caller_id, "reason": None}
    if user_id in (None, caller_id):
        decision = permissions.decide(caller_id, *question)
        if not decision.allowed:
            demand_sight(caller_id, [place_of(question)])
        return answer | {"allowed": decision.allowed, "reason": decision.reason}
    demand_insight(caller_id, [question])
    return answer | {"allowed": permissions.check_many(user_id, [question])[0]}


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


def own_permissions(caller_id: int, scope: str, scope_id: int | None) -> list[str]:
    """All that the caller may do in a place.

    Raises:
        UnknownResource: it does not exist, or not for the caller.
    """
    names = permissions.effective_permissions(caller_id, scope, scope_id)
    demand_sight(caller_id, [Place(scope, scope_id)])
    return names


def may_audit(caller_id: int, question: Question) -> bool:
    """Whether the caller may know about others where the question applies."""
    try:
        demand_insight(caller_id, [question])
    except PermissionDenied:
        return False
    return True


def demand_insight(
    caller_id: int, questions: Iterable[Question], *, sees_all: bool = False
) -> None:
    """Go on only when the caller may know about others in all these places.

    That takes ``server.audit`` in each server concerned, or ``admin.audit`` everywhere.

    Args:
        sees_all: the caller is shown every place anyway, as operators are, and is told which right
            is lacking.

    Raises:
        PermissionDenied: the caller may not.
        UnknownResource: a channel or server does not exist, or not for the caller.
    """
    if permissions.check_permission(caller_id, PLATFORM_AUDIT):
        return
    questions = list(questions)
    servers, everywhere = _servers_of(questions)
    if everywhere:
        raise PermissionDenied(NOT_YOURS, PLATFORM_AUDIT)
    asked = [Question(SERVER_AUDIT, ScopeType.SERVER, server_id) for server_id in servers]
    if not all(permissions.check_many(caller_id, asked)):
        if not sees_all:
            demand_sight(caller_id, map(place_of, questions))
        raise PermissionDenied(NOT_YOURS, SERVER_AUDIT)


def _servers_of(questions: Iterable[Question]) -> tuple[list[int], bool]:
    """The servers that the questions are about, and whether one is about the whole platform."""
    ids: dict[str, set[int]] = {scope: set() for scope in ScopeType}
    everywhere = False
    for question in questions:
        if question.scope_id is None:
            everywhere = True
        else:
            ids[question.scope].add(question.scope_id)
    channels = ids[ScopeType.CHANNEL]
    rows = db.session.execute(select(Channel.id, Channel.server_id).where(Channel.id.in_(channels)))
    found = {channel_id: server_id for channel_id, server_id in rows}
    for channel_id in sorted(channels - found.keys()):
        raise UnknownResource("channel", channel_id)
    everywhere = everywhere or bool(ids[ScopeType.GLOBAL])
    return sorted(ids[ScopeType.SERVER] | set(found.values())), everywhere
