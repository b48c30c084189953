"""A queue that falls behind with batches that are always full."""

from __future__ import annotations

from collections.abc import Iterator

from ..snapshot import TuningSnapshot
from ..suggestion import Suggestion, confidence, suggest

# Full batches in a backlog from which on it is no mere burst.
BATCHES = 10
HALF = 20.0
FACTOR = 2
# Items. A handler gets all at once, and must finish within its time limit.
LARGEST = 500


def advise(snapshot: TuningSnapshot) -> Iterator[Suggestion]:
    """Larger batches, while the inflow exceeds the outflow and the backlog is large."""
    queue, now = snapshot.queue, snapshot.values.get("queue_batch_size")
    if queue is None or now is None or now >= LARGEST:
        return
    batches = queue.waiting / now
    if batches < BATCHES or queue.processing <= 0 or queue.inflow <= queue.processing:
        return
    found = suggest(
        "queue_batch_size",
        now,
        min(now * FACTOR, LARGEST),
        f"{queue.waiting} items wait; {queue.inflow:.0f} come in a second and "
        f"{queue.processing:.0f} are done",
        "fewer round trips and transactions an item",
        confidence(batches, HALF),
        "request_p95",
        "queue_behind",
        waiting=queue.waiting,
        inflow=queue.inflow,
        processing=queue.processing,
    )
    if found is not None:
        yield found
