"""The result of a rate limiter."""

from __future__ import annotations

from typing import NamedTuple

from yoto.errors import RateLimited

from ..algorithms import until_more


class DimensionStatus(NamedTuple):
    """The status of one dimension.

    Attributes:
        name: such as ``user`` or ``user+server``; ``key`` for a key given as text.
        limit: units in a window.
        window: seconds.
        remaining: units left now.
        reset_after: seconds until the whole limit is free again.
        retry_after: seconds until the requested cost may pass; 0 when it does.
        step: seconds between two returns of quota: a unit of a bucket, all of a fixed window. None
            where they come back as irregularly as they were used.
    """

    name: str
    limit: int
    window: float
    remaining: int
    reset_after: float
    retry_after: float
    step: float | None = None

    @property
    def more_after(self) -> float | None:
        """Seconds until more quota is free than now; None: unknown."""
        if self.retry_after > 0:
            return self.retry_after
        return None if self.step is None else until_more(self.reset_after, self.step)


class RateLimitResult(NamedTuple):
    """The result of a hit or a peek; the numbers are those of the binding dimension.

    The binding dimension is the one that refuses for longest or, when none refuses, the one with
    the fewest units left.

    Attributes:
        allowed: whether the cost passed (for a peek: would pass).
        limit, remaining, reset_after, retry_after, dimension: see ``DimensionStatus``.
        dimensions: all that were checked; only the one remembered when a denial is repeated from
            memory.
        degraded: decided without Redis.
    """

    allowed: bool
    limit: int
    remaining: int
    reset_after: float
    retry_after: float
    dimension: str
    dimensions: tuple[DimensionStatus, ...] = ()
    degraded: bool = False

    def error(self, name: str) -> RateLimited:
        """The exception for a refusal by the limiter ``name``."""
        return RateLimited(
            limit=self.limit,
            remaining=self.remaining,
            reset=self.reset_after,
            retry_after=self.retry_after,
            name=name,
            dimension=self.dimension,
        )


def result_of(statuses: tuple[DimensionStatus, ...], degraded: bool = False) -> RateLimitResult:
    """Joins the dimensions of one call."""
    binding = statuses[0]
    for status in statuses[1:]:
        if (-status.retry_after, status.remaining) < (-binding.retry_after, binding.remaining):
            binding = status
    return RateLimitResult(
        allowed=binding.retry_after <= 0,
        limit=binding.limit,
        remaining=binding.remaining,
        reset_after=binding.reset_after,
        retry_after=binding.retry_after,
        dimension=binding.name,
        dimensions=statuses,
        degraded=degraded,
    )
