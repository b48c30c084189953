"""Entering without Redis: each part decides by its ``on_store_error``."""

from __future__ import annotations

from ..outcome import Outcome
from .entry import Entry
from .permit import Permit


def enter_without_store(permit: Permit, asked: Entry, wait: float) -> None:
    """Ask the twins; the gain from one is given back when another refuses.

    Args:
        wait: seconds to wait for a slot.

    Raises:
        Rejected: a part refused.
    """
    request, _, breaker, limiter, bulkhead = asked
    alone, charged = None, False
    if breaker is not None:
        alone = breaker.breaker.allow_without_store(request, breaker.plan)
        permit.admission, permit.local = alone.admission, True
    try:
        if limiter is not None:
            result = limiter.limiter.hit_without_store(limiter.plan, limiter.target, limiter.cost)
            charged, permit.report = result.allowed, result.dimensions
            if not charged:
                raise result.error(limiter.limiter.name)
        if bulkhead is not None:
            permit.slot = bulkhead.bulkhead.acquire_without_store(
                bulkhead.config, bulkhead.partition, request, wait
            )
    except BaseException:
        if charged and limiter is not None:
            limiter.limiter.give_without_store(limiter.target, limiter.cost)
        if alone is not None and breaker is not None:
            breaker.breaker.record_local(alone, Outcome.IGNORED, False)
        raise
