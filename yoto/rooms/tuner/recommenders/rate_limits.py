"""Rate limits that reject many calls."""

from __future__ import annotations

from collections.abc import Iterator

from ..snapshot import TuningSnapshot
from ..suggestion import Suggestion, confidence, suggest
from ..tunables import rate_limit_setting
from .health import is_well

LEAST_REFUSED = 100
# Share of all calls of the limit: less is a single excessive caller, whom it is meant to stop.
SHARE = 0.2
HALF = 500.0
FACTOR = 1.5
# Units. A larger limit is a decision, not tuning.
LARGEST = 100_000


def advise(snapshot: TuningSnapshot) -> Iterator[Suggestion]:
    """A higher limit for a dimension that rejects many calls while the platform is healthy."""
    if not is_well(snapshot):
        return
    for name, limiter in snapshot.limiters.items():
        calls = limiter.passed + sum(limiter.refused.values())
        for dimension, limit in limiter.limits.items():
            refused = limiter.refused.get(dimension, 0.0)
            if not 0 < limit < LARGEST or refused < max(LEAST_REFUSED, calls * SHARE):
                continue
            found = suggest(
                rate_limit_setting(name, dimension),
                limit,
                min(max(limit + 1, limit * FACTOR), LARGEST),
                f"{refused:.0f} of {calls:.0f} calls were refused for what one {dimension} "
                f"may do ({limit}), while requests are quick; see who they are first",
                "fewer refusals, if they are people's and no program's",
                confidence(refused, HALF),
                "request_p95",
                "limit_refuses",
                refused=refused,
                calls=calls,
                dimension=dimension,
                limit=limit,
            )
            if found is not None:
                yield found
