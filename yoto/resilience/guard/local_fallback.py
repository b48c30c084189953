"""Entering without Redis: each part decides by its ``on_store_error``."""

from __future__ import annotations

from ..limiter import DimensionStatus
from ..outcome import Outcome
from .entry import Entry
from .permit import NOT_ASKED, Give, Permit


def enter_without_store(give: Give, entry: Entry, wait: float) -> Permit:
    """Ask the twins; the gain from one is given back when another refuses.

    Args:
        wait: seconds to wait for a slot.

    Raises:
        Rejected: a part refused.
    """
    request, _, breaker, limiter, bulkhead, *_ = entry.asked()
    admission, slot, permit = entry.admission or NOT_ASKED, None, None
    statuses: tuple[DimensionStatus, ...] = ()
    charged = False
    if breaker is not None:
        permit = breaker.breaker.allow_without_store(request, breaker.plan)
        admission = permit.admission
    try:
        if limiter is not None:
            result = limiter.limiter.hit_without_store(limiter.plan, limiter.target, limiter.cost)
            charged, statuses = result.allowed, result.dimensions
            if not charged:
                raise result.error(limiter.limiter.name)
        if bulkhead is not None:
            slot = bulkhead.bulkhead.acquire_without_store(
                bulkhead.config, bulkhead.partition, request, wait
            )
    except BaseException:
        if charged and limiter is not None:
            limiter.limiter.give_without_store(limiter.target, limiter.cost)
        if permit is not None and breaker is not None:
            breaker.breaker.record_local(permit, Outcome.IGNORED, False)
        raise
    if entry.limiter is not None:
        entry.limiter.limiter.passed += 1
    if entry.spare is not None and entry.bulkhead is not None:
        slot = entry.bulkhead.bulkhead.reuse(entry.spare, entry.since)
    local = entry.admission is None
    return Permit(give, entry, admission, slot, statuses, local=local)
