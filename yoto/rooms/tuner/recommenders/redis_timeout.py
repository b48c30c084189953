"""A Redis time-out that cuts off replies which would have come."""

from __future__ import annotations

from collections.abc import Iterator

from ..snapshot import TuningSnapshot
from ..suggestion import Suggestion, confidence, suggest

LEAST_ERRORS = 10
HALF = 50.0
# Shares of failed reads: fewer are noise, more are an outage, which no time-out fixes.
FEW, MANY = 0.001, 0.2
# Share of the time-out that the slowest replies must have reached.
CLOSE = 0.5
# s. A caller waits this long when Redis is unavailable.
LONGEST = 1.0
FACTOR = 2


def advise(snapshot: TuningSnapshot) -> Iterator[Suggestion]:
    """A longer time-out, if few reads fail and the slowest others come close to it."""
    now = snapshot.values.get("redis_socket_timeout")
    if now is None or snapshot.l2_p99 is None or now >= LONGEST:
        return
    errors = snapshot.l2_errors
    if errors < LEAST_ERRORS or snapshot.l2_p99 < now * CLOSE:
        return
    if not FEW <= errors / snapshot.l2_reads <= MANY:
        return
    found = suggest(
        "redis_socket_timeout",
        now,
        min(now * FACTOR, LONGEST),
        f"{errors:.0f} of {snapshot.l2_reads:.0f} reads failed, and 1 % of the others took "
        f"{snapshot.l2_p99:.3f} s or longer, with a time-out of {now:g} s",
        "slow answers are waited for instead of going to the database",
        confidence(errors, HALF),
        "request_p95",
        "answers_cut_off",
        errors=errors,
        reads=snapshot.l2_reads,
        slowest_s=snapshot.l2_p99,
        time_out_s=now,
    )
    if found is not None:
        yield found
