"""Figures from the counters in Redis."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from yoto.rooms.queues.batch.stats import STRETCH_MS, parse, rate

RING = 8


def ring(events: list[tuple[int, int]]) -> dict[str, bytes]:
    """The sums as kind.lua keeps them, of (ms, amount)."""
    sums: dict[str, bytes] = {}
    for ms, amount in events:
        stretch = ms // STRETCH_MS
        field = f"in:{stretch % RING}"
        at, _, total = sums.get(field, b"-1 0").partition(b" ")
        before = int(total) if int(at) == stretch else 0
        sums[field] = b"%d %d" % (stretch, before + amount)
    return sums


@given(st.integers(1, 500), st.integers(0, STRETCH_MS - 1), st.integers(10**9, 10**12))
def test_a_steady_stream_has_its_own_rate(each: int, into: int, begin: int) -> None:
    now = begin // STRETCH_MS * STRETCH_MS + into
    # One event of ``each`` items every 100 ms, for longer than is looked back.
    events = [(now - ago, each) for ago in range(30_000, -1, -100)]
    found = rate(ring(events), "in", now)
    assert abs(found - each * 10) <= each * 10 * 0.05


@given(
    st.lists(st.tuples(st.integers(0, 60_000), st.integers(1, 100)), max_size=60),
    st.integers(60_000, 10**9),
)
def test_what_is_long_ago_or_to_come_does_not_count(
    events: list[tuple[int, int]], now: int
) -> None:
    found = rate(ring(sorted(events)), "in", now + 20_000)
    assert found == 0
    future = ring([(now + 40_000, 5)])
    assert rate(future, "in", now) == 0
    assert rate(ring([(now, 5)]), "out", now) == 0


def test_a_kind_and_its_consumers() -> None:
    now = 1_700_000_010_000
    reply = [
        now,
        [b"host-1", b'1700000009000 {"workers":2,"busy":1,"abandoned":0,"kinds":["job"]}'],
        [7, 2, 1, 3, b"1700000000000-0", [b"enqueued", b"9", b"handled", b"2"], [b"host-1", 2]],
        [1, 0, 0, 0, b"1700000008000-0", [], []],
    ]
    stats = parse(["job", "other"], reply)
    assert (stats.length, stats.waiting, stats.in_flight, stats.delayed) == (8, 5, 2, 1)
    assert (stats.dead, stats.oldest_age, stats.unserved) == (3, 10.0, ("other",))
    assert stats.kinds["job"].counts.enqueued == 9
    consumer = stats.consumers["host-1"]
    assert (consumer.silent_for, consumer.workers, consumer.in_flight) == (1.0, 2, 2)


def test_a_process_that_fell_silent_handles_nothing() -> None:
    now = 1_700_000_060_000
    reply = [
        now,
        [b"host-1", b'1700000014000 {"workers":2,"busy":0,"abandoned":0,"kinds":["job"]}'],
        [1, 0, 0, 0, b"1700000058000-0", [], []],
    ]
    stats = parse(["job"], reply)
    assert (stats.served, stats.unserved) == (frozenset(), ("job",))
    assert stats.consumers["host-1"].silent_for == 46.0
