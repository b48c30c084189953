"""The queues as operators see and steer them. An act is in the audit log before it takes effect."""

from __future__ import annotations

from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any

from flask import current_app

from yoto.control_plane.queues.schemas import NORMAL
from yoto.errors import UnknownResource, ValidationFailed
from yoto.extensions import optimization
from yoto.http.acts import record_act
from yoto.http.paging import Page, cut
from yoto.optimization import Analysis, DeadLetter, InvalidationStats, QueueStats
from yoto.store.db import utcnow

EXCERPT = 200  # characters
AMOUNTS = (
    "length",
    "waiting",
    "in_flight",
    "delayed",
    "dead",
    "oldest_age",
    "inflow",
    "processing",
)


def queues() -> dict[str, Any]:
    """Both queues."""
    return {"at": utcnow(), "batch": _batch(optimization.queue_stats()), "invalidation": _waits()}


def strategy() -> dict[str, Any]:
    """Which strategy is in force, and why."""
    found: dict[str, Any] = _waits()["strategy"]
    return found


def choose_strategy(strategy_: str, seconds: float, reason: str) -> dict[str, Any]:
    """Make all workers follow a strategy for a while; ``normal`` ends that."""
    chosen = None if strategy_ == NORMAL else strategy_
    queue = optimization.of(current_app).invalidation
    forced = queue.stats().forced
    record_act(
        "queue.strategy",
        "queue:invalidation",
        reason=reason,
        before={"strategy": NORMAL if forced is None else forced.strategy.value},
        after={"strategy": strategy_, "seconds": None if chosen is None else seconds},
    )
    queue.force(chosen, seconds, reason)
    return strategy()


def letters(kind: str, after: int | None, limit: int) -> Page[dict[str, Any]]:
    """Dead letters of a kind, the newest first; cursors are their numbers.

    Raises:
        UnknownResource: nothing can be called that.
    """
    cursor = None if after is None else f"{kind}:{after}"
    try:
        found = optimization.queue.dead_letters(kind, cursor, limit + 1).letters
    except ValidationFailed:
        raise UnknownResource("kind", kind) from None
    page = cut(found, limit, lambda letter: letter.number)
    return Page([_shown(letter) for letter in page.items], page.next)


def letter(letter_id: str) -> dict[str, Any]:
    """One with all its content.

    Args:
        letter_id: as the queue calls it: its kind, a colon, its number.

    Raises:
        UnknownResource: there is none, or no more.
    """
    found = _letter(letter_id)
    return _shown(found) | {"payload": found.payload}


def redrive(letter_id: str, reason: str) -> int:
    """Put one back as a new item; raises as ``letter``."""
    found = _letter(letter_id)
    record_act("queue.redrive", _subject(found), reason=reason, after={"id": found.id})
    moved = optimization.queue.redrive([found.id])
    if not moved:
        raise UnknownResource("letter", found.id)
    return moved


def redrive_all(kind: str, reason: str) -> int:
    """Put all of a kind that there are now back.

    Raises:
        UnknownResource: there is no such kind.
    """
    found = optimization.queue_stats().kinds.get(kind)
    if found is None:
        raise UnknownResource("kind", kind)
    record_act("queue.redrive_all", f"queue:{kind}", reason=reason, before={"dead": found.dead})
    return optimization.queue.redrive_all(kind)


def discard(letter_id: str, reason: str) -> int:
    """Throw one away; the audit log keeps what it said. Raises as ``letter``."""
    found = _letter(letter_id)
    record_act("queue.discard", _subject(found), reason=reason, before=asdict(found))
    if not optimization.queue.discard(found.id):
        raise UnknownResource("letter", found.id)
    return 1


def _letter(letter_id: str) -> DeadLetter:
    try:
        found = optimization.queue.dead_letter(letter_id)
    except ValidationFailed:
        found = None
    if found is None:
        raise UnknownResource("letter", letter_id)
    return found


def _subject(found: DeadLetter) -> str:
    return f"queue:{found.kind}"


def _shown(found: DeadLetter) -> dict[str, Any]:
    return {
        "id": found.id.partition(":")[2],
        "kind": found.kind,
        "excerpt": found.payload[:EXCERPT],
        "tries": found.tries,
        "reason": found.reason,
        "enqueued_at": datetime.fromtimestamp(found.enqueued_at, UTC),
        "died_at": datetime.fromtimestamp(found.died_at, UTC),
    }


def _batch(stats: QueueStats) -> dict[str, Any]:
    served = {kind for consumer in stats.consumers.values() for kind in consumer.kinds}
    return {
        **{name: getattr(stats, name) for name in AMOUNTS},
        "kinds": [
            {
                "kind": kind,
                "served": kind in served,
                "counts": asdict(one.counts),
                **{name: getattr(one, name) for name in AMOUNTS},
            }
            for kind, one in stats.kinds.items()
        ],
        "consumers": [
            {"name": name, **asdict(one)} for name, one in sorted(stats.consumers.items())
        ],
    }


def _waits() -> dict[str, Any]:
    queue = optimization.of(current_app).invalidation
    stats, analysis = queue.look()
    return {
        "length": stats.waiting + stats.claimed,
        "waiting": stats.waiting,
        "claimed": stats.claimed,
        "later": stats.later,
        "oldest_age": stats.oldest_age,
        "inflow": stats.inflow,
        "outflow": stats.outflow,
        "position": stats.position,
        "totals": dict(stats.totals),
        "health": analysis.health.value,
        "seconds_to_empty": analysis.seconds_to_empty,
        "recommendations": [
            {"code": one.code, "figures": dict(one.figures)} for one in analysis.recommendations
        ],
        "strategy": _strategy(stats, analysis),
    }


def _strategy(stats: InvalidationStats, analysis: Analysis) -> dict[str, Any]:
    settings = optimization.of(current_app).invalidation.settings
    if stats.forced is not None:
        why = "forced"
    else:
        why = "analysis" if settings.fixed_strategy is None else "configured"
    return {
        "in_force": stats.strategy.value,
        "why": why,
        "by_analysis": analysis.strategy.value,
        "forced": (
            None
            if stats.forced is None
            else {
                "strategy": stats.forced.strategy.value,
                "left_s": stats.forced.left_ms / 1000,
                "reason": stats.forced.reason,
            }
        ),
    }
