"""Acts on the cache. Each is in the audit log before it takes effect."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from flask import current_app

from yoto import cache as cache_layer
from yoto.errors import AlreadyRunning, StoreUnavailable
from yoto.extensions import cache, events, optimization, permissions
from yoto.http.acts import record_act
from yoto.operate.targets import EVERYTHING, Target, name_of, people
from yoto.store.db import db
from yoto.wiring import STORE_FAILURES

T = TypeVar("T")

WARM_UP = "warm_up"


def preview(target: Target) -> dict[str, Any]:
    """What an invalidation would hit, as far as anybody can tell; nothing changes."""
    current = cache.current
    found = current.would_drop(target.subject)
    memory = None
    if found is not None:
        users, entries = found
        memory = {"instance": _instance(), "users": users, "entries": entries}
    stored = None
    number = target.number
    if number is not None:
        stored = _unless_away(lambda: current.stored_places(number))
    concerned = _unless_away(lambda: people(target))
    return {
        "subject": target.subject,
        "name": _unless_away(lambda: name_of(target)),
        "memory": memory,
        "redis_entries": stored,
        "people": None if concerned is None else concerned._asdict(),
    }


def invalidate(target: Target, memory: bool, reason: str) -> dict[str, str]:
    """Let every worker forget it.

    Raises:
        StoreUnavailable: the log did not take it; only this worker has forgotten it.
    """
    subject = target.subject
    record_act("cache.invalidate", subject, reason=reason, after={"memory": memory})
    told = cache_layer.subjects.memory(subject) if memory else subject
    return {"subject": told, "position": str(cache.current.invalidate(told))}


def warm_up(reason: str) -> dict[str, str]:
    """Begin to warm up in this worker.

    Raises:
        AlreadyRunning: it does.
    """
    _check_idle()
    record_act("cache.warm_up", f"worker:{_instance()}", reason=reason)
    return _begin()


def refresh(reason: str) -> dict[str, str]:
    """Let every worker forget everything, then warm up in this one; raises as both."""
    _check_idle()
    return {"position": forget_all(reason), **_begin()}


def forget_all(reason: str) -> str:
    """The first half of a refresh, for who warms up by themselves; raises as ``invalidate``.

    Returns:
        The position of the invalidation.
    """
    subject = EVERYTHING.subject
    record_act("cache.refresh", subject, reason=reason, after={"instance": _instance()})
    return str(cache.current.invalidate(subject))


def forget_hot(user_id: int, reason: str) -> dict[str, int]:
    """Forget where a user asked for permissions.

    Raises:
        StoreUnavailable: Redis did not answer; it is to be asked again.
    """
    record_act("cache.forget_hot", cache_layer.subjects.user(user_id), reason=reason)
    return {"user_id": user_id, "places": optimization.hot.forget(user_id)}


def _check_idle() -> None:
    latest = permissions.latest_warm_up()
    if latest is not None and not latest.finished:
        raise AlreadyRunning(WARM_UP, latest.task_id)


def _begin() -> dict[str, str]:
    return {"task_id": permissions.warm_up(background=True).task_id, "instance": _instance()}


def _instance() -> str:
    return events.of(current_app).instance_id


def _unless_away(ask: Callable[[], T]) -> T | None:
    """What a store says; None while it is away: an operator looks when something is down."""
    try:
        return ask()
    except StoreUnavailable:
        return None
    except STORE_FAILURES:
        db.session.rollback()
        return None
