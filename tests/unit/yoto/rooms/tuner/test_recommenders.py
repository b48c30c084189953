"""The suggestions for each snapshot, and those that are never made."""

from __future__ import annotations

from dataclasses import replace
from itertools import product

import pytest
from flask import Flask
from hypothesis import given
from hypothesis import strategies as st

from yoto.control_plane.language import catalogue
from yoto.parts.rooms import chosen
from yoto.room import keep_rooms
from yoto.rooms.tuner.recommenders import advise
from yoto.rooms.tuner.snapshot import (
    BulkheadSnapshot,
    LimiterSnapshot,
    PoolSnapshot,
    QueueSnapshot,
    StoreSnapshot,
    TuningSnapshot,
)
from yoto.rooms.tuner.tunables import TUNABLES, tunable_of

GIB = 2**30
VALUES = {
    "cache_users_size": 100,
    "cache_users_ttl": 300.0,
    "cache_conditional_size": 2_000,
    "queue_batch_size": 100,
    "redis_socket_timeout": 0.25,
    "permission_pool_size": 8,
    "database_pool_size": 5,
}
QUIET = TuningSnapshot(600.0, 2.0, VALUES)
SMALL = replace(
    QUIET,
    stores={"users": StoreSnapshot(entries=100, evictions=450)},
    l1_hits=500,
    l1_misses=500,
    memory_bytes=GIB / 10,
    memory_share=0.1,
)
SHORT = replace(
    SMALL,
    stores={"users": StoreSnapshot(entries=90, ttl=300.0)},
    values={**VALUES, "cache_users_size": 8_000},
)
BEHIND = replace(QUIET, queue=QueueSnapshot(waiting=5_000, inflow=300, processing=200))
POOL = PoolSnapshot(size=8, same=True, taken=1_000, waited=100, timed_out=2, busiest=8)
CROWDED = replace(QUIET, pools={"permissions": POOL})
IDLE = replace(CROWDED, pools={"permissions": replace(POOL, waited=0, timed_out=0, busiest=2)})
WELL, ILL = {"request_p95": 0.02, "error_rate": 0.0}, {"request_p95": 0.9, "error_rate": 0.0}
FULL = BulkheadSnapshot(8, True, True, passed=900, rejected=100, busy=45.0, held=8)
REFUSING = replace(QUIET, bulkheads={"search": FULL}, **WELL)
EMPTY = BulkheadSnapshot(100, True, True, passed=900, rejected=0, busy=45.0, held=6)
WIDE = replace(QUIET, bulkheads={"search": EMPTY}, **ILL)
LIMITER = LimiterSnapshot(
    600, {"user": 400, "ip": 5, "limit": 0}, {"user": 20, "ip": 9, "limit": 60}
)
LIMITING = replace(QUIET, limiters={"send": LIMITER}, **WELL)
CUT_OFF = replace(QUIET, l2_reads=2_000, l2_errors=50, l2_p99=0.2)


@pytest.mark.parametrize(
    ("snapshot", "ids"),
    [
        (QUIET, []),
        (SMALL, ["cache_users_size=200"]),
        (replace(SMALL, memory_share=None), []),
        (replace(SMALL, memory_share=0.71), []),
        (replace(SMALL, l1_hits=50, l1_misses=50), []),
        (replace(SMALL, stores={"users": StoreSnapshot(50, 450)}), []),
        (replace(SMALL, stores={"users": StoreSnapshot(100, 50)}), []),
        (SHORT, ["cache_users_ttl=600"]),
        (replace(SHORT, seconds=200), []),
        (replace(SHORT, l1_hits=9_000), []),
        (replace(SHORT, stores={"users": StoreSnapshot(20, ttl=300.0)}), []),
        (replace(SHORT, stores={"users": StoreSnapshot(90, ttl=1.0)}), []),
        (replace(SHORT, stores={"users": StoreSnapshot(90)}), []),
        (BEHIND, ["queue_batch_size=200"]),
        (replace(BEHIND, queue=QueueSnapshot(5_000, 200, 300)), []),
        (replace(BEHIND, queue=QueueSnapshot(500, 300, 200)), []),
        (replace(BEHIND, queue=QueueSnapshot(5_000, 300, 0)), []),
        (CUT_OFF, ["redis_socket_timeout=0.5"]),
        (replace(CUT_OFF, l2_p99=0.01), []),
        (replace(CUT_OFF, l2_errors=1_000), []),
        (replace(CUT_OFF, l2_errors=5), []),
        (CROWDED, ["permission_pool_size=16"]),
        (replace(CROWDED, pools={"permissions": replace(POOL, same=False)}), []),
        (replace(CROWDED, pools={"permissions": replace(POOL, size=1)}), []),
        (replace(CROWDED, pools={"requests": replace(POOL, size=15)}), ["database_pool_size=10"]),
        (replace(CROWDED, pools={"requests": replace(POOL, taken=100_000)}), []),
        (replace(CROWDED, pools={"permissions": replace(POOL, waited=10)}), []),
        (IDLE, ["permission_pool_size=4"]),
        (replace(IDLE, seconds=500.0), []),
        (replace(IDLE, values={"permission_pool_size": 4}), []),
        (replace(IDLE, pools={"permissions": replace(POOL, waited=0, timed_out=0)}), []),
        (REFUSING, ["bulkhead:search=12"]),
        (replace(REFUSING, **ILL), []),
        (replace(REFUSING, request_p95=None), []),
        (replace(REFUSING, error_rate=0.06), []),
        (replace(REFUSING, pools={"requests": replace(POOL, waited=0)}), []),
        (replace(REFUSING, bulkheads={"search": replace(FULL, rejected=10)}), []),
        (replace(REFUSING, bulkheads={"search": replace(FULL, same=False)}), []),
        (replace(REFUSING, bulkheads={"search": replace(FULL, limit=0)}), []),
        (WIDE, ["bulkhead:search=12"]),
        (replace(WIDE, **WELL), []),
        (replace(WIDE, request_p95=0.02, error_rate=0.5), ["bulkhead:search=12"]),
        (replace(WIDE, bulkheads={"search": replace(EMPTY, held=30)}), []),
        (replace(WIDE, bulkheads={"search": replace(EMPTY, unpartitioned=False)}), []),
        (replace(WIDE, bulkheads={"search": replace(EMPTY, passed=50)}), []),
        (LIMITING, ["rate_limit:send:user=30"]),
        (replace(LIMITING, **ILL), []),
        (replace(LIMITING, limiters={"send": replace(LIMITER, passed=9_000)}), []),
    ],
)
def test_what_is_suggested(snapshot: TuningSnapshot, ids: list[str]) -> None:
    found = advise(snapshot)
    assert [one.id for one in found] == ids
    app = Flask("tuned")
    keep_rooms(app, chosen("tuner"))
    with app.app_context():
        for one, language in product(found, ("en", "zh")):
            # Each figure that the text names is there; nothing of it is left to the English words.
            assert catalogue(language)[f"suggest.{one.code}"].format(**one.figures)
            assert f"suggest.{one.code}_effect" in catalogue(language)


def test_memory_bounds_how_much_larger_a_store_may_get() -> None:
    # 35 % of 1 GiB is this worker's share: 4,000 bytes short of it there is room for one user.
    used = GIB * 0.35 - 4_100
    tight = replace(SMALL, memory_bytes=used, memory_share=used / GIB)
    assert [one.id for one in advise(tight)] == ["cache_users_size=101"]


def test_what_is_made_smaller_names_what_that_could_harm() -> None:
    (pool,), (bulkhead,) = advise(IDLE), advise(WIDE)
    assert (pool.metric, bulkhead.metric) == ("pool_waits:permissions", "bulkhead_refusals:search")


def test_more_evidence_gives_more_confidence() -> None:
    def sure(evictions: int) -> float:
        store = StoreSnapshot(100, evictions)
        return advise(replace(SMALL, l1_misses=60, stores={"users": store}))[0].confidence

    assert 0 < sure(30) < sure(300) < sure(3_000) < 1


numbers = st.floats(0, 1e9)
snapshots = st.builds(
    TuningSnapshot,
    seconds=numbers,
    workers=st.floats(0, 100),
    values=st.fixed_dictionaries(
        {
            name: (
                st.integers(int(tunable.low), int(tunable.high))
                if tunable.whole
                else st.floats(tunable.low, tunable.high)
            )
            for name, tunable in TUNABLES.items()
        }
    ),
    stores=st.dictionaries(
        st.sampled_from(["users", "conditional"]),
        st.builds(StoreSnapshot, numbers, numbers),
    ),
    l1_hits=numbers,
    l1_misses=numbers,
    l2_reads=st.floats(1, 1e9),
    l2_errors=numbers,
    l2_p99=st.none() | st.floats(0, 100),
    memory_bytes=st.none() | st.floats(1, 1e12),
    memory_share=st.none() | st.floats(0.001, 1),
    queue=st.none()
    | st.builds(QueueSnapshot, waiting=st.integers(0, 10**9), inflow=numbers, processing=numbers),
    pools=st.dictionaries(
        st.sampled_from(["requests", "permissions"]),
        st.builds(PoolSnapshot, numbers, st.booleans(), numbers, numbers, numbers, numbers),
    ),
    bulkheads=st.dictionaries(
        st.sampled_from(["search", "a:b"]),
        st.builds(
            BulkheadSnapshot,
            limit=st.integers(0, 100_000),
            unpartitioned=st.booleans(),
            same=st.booleans(),
            passed=numbers,
            rejected=numbers,
            busy=numbers,
            held=numbers,
        ),
    ),
    limiters=st.dictionaries(
        st.sampled_from(["send", "a:b"]),
        st.builds(
            LimiterSnapshot,
            numbers,
            st.dictionaries(st.sampled_from(["user", "limit"]), numbers),
            st.dictionaries(st.sampled_from(["user", "limit"]), st.integers(0, 10**9)),
        ),
    ),
    request_p95=st.none() | st.floats(0, 10),
    error_rate=st.none() | st.floats(0, 1),
)


def now_of(snapshot: TuningSnapshot, setting: str) -> float:
    """The value that is in force, by a snapshot."""
    kind, _, name = setting.partition(":")
    if kind == "bulkhead":
        return snapshot.bulkheads[name].limit
    if kind == "rate_limit":
        name, _, dimension = name.rpartition(":")
        return snapshot.limiters[name].limits[dimension]
    return snapshot.values[setting]


def followed(snapshot: TuningSnapshot, setting: str, value: float) -> TuningSnapshot:
    """The same snapshot with a suggestion in force."""
    kind, _, name = setting.partition(":")
    if kind == "bulkhead":
        changed = replace(snapshot.bulkheads[name], limit=int(value))
        return replace(snapshot, bulkheads={**snapshot.bulkheads, name: changed})
    if kind == "rate_limit":
        name, _, dimension = name.rpartition(":")
        limiter = snapshot.limiters[name]
        limiter = replace(limiter, limits={**limiter.limits, dimension: int(value)})
        return replace(snapshot, limiters={**snapshot.limiters, name: limiter})
    return replace(snapshot, values={**snapshot.values, setting: value})


@given(snapshots)
def test_a_suggestion_is_in_range_and_changes_something(snapshot: TuningSnapshot) -> None:
    found = advise(snapshot)
    assert len({one.setting for one in found}) == len(found)
    for one in found:
        tunable = tunable_of(one.setting)
        assert tunable.low <= one.proposed <= tunable.high
        assert one.now == now_of(snapshot, one.setting) != one.proposed
        assert 0 < one.confidence <= 1
        assert one.why and one.effect


@given(st.dictionaries(st.sampled_from(list(TUNABLES)), st.floats(1, 100)))
def test_nothing_is_suggested_without_evidence(values: dict[str, float]) -> None:
    assert advise(TuningSnapshot(600.0, 2.0, values)) == []


@pytest.mark.parametrize(
    "snapshot",
    [SMALL, SHORT, BEHIND, CUT_OFF, CROWDED, IDLE, REFUSING, WIDE, LIMITING],
)
def test_following_what_is_said_comes_to_an_end(snapshot: TuningSnapshot) -> None:
    """Even if nothing gets better by it: there is always a bound."""
    for _ in range(40):
        found = advise(snapshot)
        if not found:
            return
        for one in found:
            snapshot = followed(snapshot, one.setting, one.proposed)
    raise AssertionError(snapshot.values)
