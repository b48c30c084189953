"""Bulkheads that reject calls which could be served, and bulkheads too wide to protect anything."""

from __future__ import annotations

from collections.abc import Iterator

from ..snapshot import BulkheadSnapshot, TuningSnapshot
from ..suggestion import Suggestion, confidence, suggest
from ..trial import bulkhead_refusals
from ..tunables import bulkhead_setting
from .health import is_unwell, is_well

# Rejections, fewer of which are chance; and their share of all calls, below which it is normal.
LEAST_REJECTED, SHARE = 20, 0.01
HALF = 50.0
FACTOR = 1.5
# Holders over all workers. A larger number is a decision, not tuning.
LARGEST = 400
# A limit is out of reach if no more than the share ``NEAR`` of it was ever used. ``ROOM`` times the
# highest use is enough.
NEAR, ROOM, SMALLEST = 0.25, 2, 4
LEAST_PASSED, HALF_PASSED = 200, 500.0


def advise(snapshot: TuningSnapshot) -> Iterator[Suggestion]:
    """More slots while the platform is healthy; fewer if it is not and most are never used."""
    for name, bulkhead in snapshot.bulkheads.items():
        if not bulkhead.same or not bulkhead.limit:
            continue
        found = _wider(name, bulkhead, snapshot) or _narrower(name, bulkhead, snapshot)
        if found is not None:
            yield found


def _wider(name: str, one: BulkheadSnapshot, snapshot: TuningSnapshot) -> Suggestion | None:
    callers = one.passed + one.rejected
    if one.limit >= LARGEST or one.rejected < max(LEAST_REJECTED, callers * SHARE):
        return None
    # If callers already time out waiting for a connection, more of them would only wait there.
    if not is_well(snapshot) or any(pool.timed_out for pool in snapshot.pools.values()):
        return None
    inside = one.busy / one.passed * 1000 if one.passed else 0.0
    return suggest(
        bulkhead_setting(name),
        one.limit,
        min(max(one.limit + 1, one.limit * FACTOR), LARGEST),
        f"{one.rejected:.0f} of {callers:.0f} callers were refused at {one.limit} inside, while "
        f"those inside took {inside:.0f} ms and 95 % of all requests "
        f"{(snapshot.request_p95 or 0.0) * 1000:.0f} ms or less",
        "fewer refusals, while requests stay as quick",
        confidence(one.rejected, HALF),
        "request_p95",
        "bulkhead_refuses",
        rejected=one.rejected,
        callers=callers,
        limit=one.limit,
        inside_ms=inside,
        requests_ms=(snapshot.request_p95 or 0.0) * 1000,
    )


def _narrower(name: str, one: BulkheadSnapshot, snapshot: TuningSnapshot) -> Suggestion | None:
    if (
        one.rejected
        or not one.unpartitioned
        or one.passed < LEAST_PASSED
        or not is_unwell(snapshot)
    ):
        return None
    if one.held > one.limit * NEAR:
        return None
    wanted = max(SMALLEST, one.held * ROOM)
    if wanted >= one.limit:
        return None
    return suggest(
        bulkhead_setting(name),
        one.limit,
        wanted,
        f"at most {one.held:.0f} of {one.limit} were inside at once, while 95 % of all requests "
        f"took {(snapshot.request_p95 or 0.0) * 1000:.0f} ms or less and a share of "
        f"{snapshot.error_rate or 0.0:.3f} failed",
        "when this work gets stuck too, it takes less of what everybody needs",
        confidence(one.passed, HALF_PASSED),
        bulkhead_refusals(name),
        "bulkhead_idle",
        held=one.held,
        limit=one.limit,
        requests_ms=(snapshot.request_p95 or 0.0) * 1000,
        failed_share=snapshot.error_rate or 0.0,
    )
