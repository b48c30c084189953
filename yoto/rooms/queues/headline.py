"""Causes in the batch queue for which the platform is not "all normal"."""

from __future__ import annotations

from collections.abc import Sequence

from yoto.extensions import optimization
from yoto.monitor.headlines import Condition, HeadlineCause
from yoto.operate.overrides import page_at

from .batch import QueueStats


def causes(names: object) -> Sequence[HeadlineCause]:
    """The causes in the queue of the current application.

    Raises:
        StoreUnavailable: Redis did not answer.
    """
    return causes_of(optimization.queue_stats())


def causes_of(stats: QueueStats) -> list[HeadlineCause]:
    """Items that were given up, and those that have no handler."""
    found = []
    for kind, one in stats.kinds.items():
        if one.dead:
            found.append(_cause("dead_letters", kind, one.dead, f"dead:{kind}", "retry"))
        if kind in stats.unserved:
            found.append(_cause("unserved_items", kind, one.length, f"unserved:{kind}", "look"))
    return found


def _cause(what: str, kind: str, count: int, topic: str, verb: str) -> HeadlineCause:
    return HeadlineCause(
        kind=what,
        name=kind,
        state=Condition.DEGRADED,
        topic=topic,
        value=count,
        unit="count",
        where=page_at("queues", kind=kind),
        verb=verb,
    )
