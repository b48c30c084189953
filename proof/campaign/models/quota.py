"""Rate limits: in any window no more is admitted than the algorithm allows (docs/resilience.md).

The node answers between which moments it asked its limit, so an admission counts in a window only
where it must have been in it. Admissions that were never answered count nowhere.

Exceptions: a Redis that lost data starts the count anew, once for each loss (docs/redis.md), and a
limit with ``on_store_error=local`` may admit as much again while some node is without Redis
("Without Redis").
"""

from __future__ import annotations

import math
from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass

from proof.campaign.history import Fault, Operation
from proof.campaign.models.finding import Finding, by_key, with_effect

NAME = "quota"
# s by which the server's clock may count a window differently from ours.
TOLERANCE = 0.01
# s until a replica serves, after its primary was lost.
FAILOVER = 10.0


@dataclass(frozen=True)
class Limit:
    """The argument of each operation."""

    algorithm: str
    limit: int
    window: float
    burst: int
    on_store_error: str = "closed"

    def most_in(self, seconds: float) -> float:
        """How much may be admitted in so many seconds, by docs/resilience.md."""
        match self.algorithm:
            case "token_bucket" | "leaky_bucket":
                return self.burst + self.limit * seconds / self.window
            case "sliding_log":
                return self.limit * math.ceil(max(seconds, 1e-9) / self.window)
            case _:  # fixed and sliding windows: at most twice
                return self.limit * (1 + math.ceil(max(seconds, 1e-9) / self.window))


def judge(operations: Sequence[Operation], faults: Sequence[Fault]) -> Finding:
    """Each key is a limit and, after a colon, a caller of it: ``hit`` with a ``Limit`` as argument;
    value ``{"admitted", "refused"}`` with between which moments each was."""
    finding = Finding.of(NAME, operations)
    for key, some in by_key(operations).items():
        limit = Limit(**some[0].argument)
        known = [one.value for one in some if one.outcome == "ok"]
        uses = sorted((asked, heard) for one in known for asked, heard in one["admitted"])
        refused = sorted((asked, heard) for one in known for asked, heard in one["refused"])
        finding.falsifiable += _too_many(limit, uses, refused)
        _judge_admissions(finding, key, limit, uses, faults)
    return finding


def _judge_admissions(
    finding: Finding,
    key: str,
    limit: Limit,
    uses: list[tuple[float, float]],
    faults: Sequence[Fault],
) -> None:
    reported = excused = False
    name = key.partition(":")[0]
    # So that one that is never asked for shows, too.
    finding.saw(f"most in a window of {name} (x limit)", 0.0)
    asked = [began for began, _ in uses]
    for place, start in enumerate(asked):
        # Over two windows each allowance is that of its halves at least.
        end = bisect_right(asked, start + 2 * limit.window)
        heard = sorted(until for _, until in uses[place:end])
        for count, until in enumerate(heard, 1):
            length = until - start
            if length > 2 * limit.window:
                break
            allowed = limit.most_in(length + TOLERANCE)
            finding.saw(f"most in a window of {name} (x limit)", count / allowed)
            if count < math.floor(allowed + 1e-6) + 1:
                continue
            again, reason = _exceptions(limit, start, until, faults)
            if count <= allowed * (1 + again):
                excused = True
                continue
            if not reported:
                reported = True
                finding.violations.append(
                    f"{key}: {count} admitted in {length:.3f} s from {start:.3f}, "
                    f"{limit.algorithm} allows {allowed:.2f}"
                    + (f" and {again} times as much for {reason}" if again else "")
                )
    if excused:
        finding.excuse(f"over a limit of {limit.on_store_error}, as documented")


def _too_many(
    limit: Limit, uses: list[tuple[float, float]], refused: list[tuple[float, float]]
) -> int:
    """How many of the refused would have been one too many, had they been admitted."""
    asked = [began for began, _ in uses]
    heard = sorted(until for _, until in uses)
    found = 0
    for began, until in refused:
        # Those that were admitted within the time before it, for each time there is.
        last = bisect_right(heard, began)
        found += any(
            last - place + 1 > limit.most_in(until - asked[place] + TOLERANCE)
            for place in range(bisect_left(asked, until - 2 * limit.window), last)
        )
    return found


def _exceptions(
    limit: Limit, start: float, until: float, faults: Sequence[Fault]
) -> tuple[int, str]:
    """How many times the allowance was there again, and why."""
    lost = [
        fault
        for fault in with_effect(faults, "lost-data")
        if fault.began <= until and fault.healed + FAILOVER >= start
    ]
    away = [
        fault
        for fault in with_effect(faults, "no-redis")
        if fault.began <= until and fault.healed + limit.window >= start
    ]
    again = len(lost) + (1 if away and limit.on_store_error == "local" else 0)
    return again, ", ".join(f"{fault.kind} {fault.target}" for fault in [*lost, *away])
