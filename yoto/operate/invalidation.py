"""Acts on the cache. Each is in the audit log before it takes effect."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, TypedDict, TypeVar

from flask import current_app

from yoto import cache as cache_layer
from yoto.auth.operators import OPERATE, VIEW
from yoto.errors import StoreUnavailable
from yoto.extensions import cache as extension
from yoto.extensions import events
from yoto.http.acts import record_act
from yoto.http.operation import Reason
from yoto.nodes import NodeId
from yoto.operate.cache import CountedTime
from yoto.operate.cache import cache as cache
from yoto.operate.targets import CacheTarget, People, name_of, people, target_of
from yoto.persistence import STORE_FAILURES
from yoto.store.db import db

T = TypeVar("T")

Kind = Annotated[str, "`user`, `role`, `team`, `application`, a type of resources, or `all`"]
Of = Annotated[
    NodeId | None,
    "As its type has it; of a user the number, or the application's own; not with `all`",
]

cache.names = {CountedTime: "Window", People: "PeopleCount"}


class Invalidated(TypedDict):
    """An invalidation that reaches every worker."""

    subject: str
    position: Annotated[str, "Of its entry; a check with it is answered by nothing older"]


class MemoryCount(TypedDict):
    """Exact, but only for the worker that answers."""

    instance: str
    users: int
    entries: int


class Preview(TypedDict):
    """The entries and people that an invalidation would hit. Null: unknown."""

    subject: str
    name: Annotated[str | None, "Null: none of that id is there"]
    memory: MemoryCount | None
    redis_entries: Annotated[int | None, "Exact for an account; null for anything else"]
    people: People | None


@cache.operation("POST", "/invalidate/preview", VIEW, changes=False, body="Target")
def preview_invalidation(kind: Kind, id: Of = None) -> Preview:
    """Preview an invalidation: the entries and people that it would hit"""
    target, current = target_of(kind, id), extension.current
    found, number = current.would_drop(target.subject), target.number
    memory: MemoryCount | None = None
    if found is not None:
        memory = {"instance": _instance(), "users": found[0], "entries": found[1]}
    return {
        "subject": target.subject,
        "name": _unless_unavailable(lambda: name_of(target)),
        "memory": memory,
        "redis_entries": (
            None if number is None else _unless_unavailable(lambda: current.stored_places(number))
        ),
        "people": _unless_unavailable(lambda: people(target)),
    }


@cache.operation("POST", "/invalidate", OPERATE, body="Invalidate")
def invalidate_cache(
    kind: Kind,
    reason: Reason,
    id: Of = None,
    memory: Annotated[bool, "Only what processes remember; what Redis has stays believed"] = False,
) -> Invalidated:
    """Make every worker forget verdicts about a user, role, team, application, resource, or all"""
    return invalidate(target_of(kind, id), memory, reason)


def invalidate(target: CacheTarget, memory: bool, reason: str) -> Invalidated:
    """Make every worker forget the target.

    Raises:
        StoreUnavailable: the log did not take it; only this worker has forgotten it.
    """
    record_act("cache.invalidate", target.subject, reason=reason, after={"memory": memory})
    subject = cache_layer.tags.memory(target.subject) if memory else target.subject
    return {"subject": subject, "position": str(extension.current.invalidate(subject))}


def _instance() -> str:
    return events.of(current_app).instance_id


def _unless_unavailable(ask: Callable[[], T]) -> T | None:
    """The store's response; None while it is unavailable, since operators look during outages."""
    try:
        return ask()
    except StoreUnavailable:
        return None
    except STORE_FAILURES:
        db.session.rollback()
        return None
