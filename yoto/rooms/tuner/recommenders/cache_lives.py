"""Entries that expire before they have changed: loaded again for nothing."""

from __future__ import annotations

from collections.abc import Iterator
from math import isclose

from ..snapshot import TuningSnapshot
from ..suggestion import Suggestion, confidence, suggest

# A hit rate from which on there is nothing to gain.
GOOD = 0.9
LEAST_MISSES = 50
HALF = 200.0
# Share of the misses that expired entries must explain.
EXPLAINED = 0.5
# s. The log brings changes at once, but a lost change should not stay unseen for hours.
LONGEST = 3_600.0
FACTOR = 2


def advise(snapshot: TuningSnapshot) -> Iterator[Suggestion]:
    """A longer life, if memory has room, nothing is evicted, and misses come from expired entries.

    If entries live ``ttl`` seconds, about ``entries * seconds / ttl`` of them expire in
    ``seconds``. A stretch shorter than one life proves nothing, since its misses are of entries
    that were never there.
    """
    rate, store = snapshot.hit_rate, snapshot.stores.get("users")
    now = snapshot.values.get("cache_users_ttl")
    if rate is None or store is None or now is None or rate >= GOOD or now >= LONGEST:
        return
    if store.ttl is None or not isclose(store.ttl, now):
        # Some entries had another life, such as one that an operator set for a while.
        return
    if snapshot.seconds < now or store.evictions or snapshot.l1_misses < LEAST_MISSES:
        return
    ended = store.entries * max(1.0, snapshot.workers) * snapshot.seconds / now
    if ended < snapshot.l1_misses * EXPLAINED:
        return
    found = suggest(
        "cache_users_ttl",
        now,
        min(now * FACTOR, LONGEST),
        f"about {ended:.0f} lives of {now:g} s ended while {snapshot.l1_misses:.0f} look-ups "
        f"missed (hit rate {rate:.0%}), and nothing had to go for lack of room",
        "fewer entries loaded again that nobody had changed",
        confidence(snapshot.l1_misses, HALF),
        "l1_hit_rate",
        "lives_end",
        ended=ended,
        life_s=now,
        misses=snapshot.l1_misses,
        hit_share=rate,
    )
    if found is not None:
        yield found
