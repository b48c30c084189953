"""The series of the queues."""

from __future__ import annotations

from yoto.monitor import names
from yoto.monitor.sources import Measured
from yoto.rooms.queues.batch.stats import KindCounts, KindStats, QueueStats
from yoto.rooms.queues.series import QUEUE_RATE, queue_samples


def test_a_queue_is_told_by_kind_and_state() -> None:
    kind = KindStats(7, 4, 2, 1, 3, None, 1.5, 0.5, counts=KindCounts(), consumers={})
    stats = QueueStats(
        7, 4, 2, 1, 3, None, 1.5, 0.5, kinds={"mail": kind}, consumers={}, unserved=()
    )
    found = list(queue_samples(stats))
    items = {
        (one.labels or {})["state"]: one.value for one in found if one.name == names.QUEUE_ITEMS
    }
    assert items == {"waiting": 4, "in_flight": 2, "delayed": 1, "dead": 3}
    assert Measured(QUEUE_RATE, 1.5, {"kind": "mail", "direction": "in"}) in found
    assert Measured(names.QUEUE_AGE, 0.0, {"kind": "mail"}) in found
