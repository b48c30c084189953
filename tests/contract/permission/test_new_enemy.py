"""Several worker processes and real trouble: the probe of ``benchmarks.staleness``, in small."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Any

import pytest

from benchmarks.move import ASKED, measure
from benchmarks.staleness.credentials import KINDS
from benchmarks.staleness.probe import Platform, Round
from tests.support.nursery import Nursery
from tests.support.redis_servers import Cluster, Server, start_valkey
from tests.support.require import LONG, TEST_ALL
from tests.support.waiting import wait_until

# MAX_STALENESS and the relay's interval, and a little for a busy machine to run those who watch.
BOUND = 2.0 + 1.0 + 0.5
CALM = 0.5  # s that a round is watched
# Each case ends another row; the relay and the bound are the same.
ENDS = KINDS if TEST_ALL else KINDS[:1]


@pytest.fixture
def own_redis() -> Iterator[Server]:
    """A server that this test may break."""
    with start_valkey() as server:
        yield server


def assert_kept(found: Round, bound: float = BOUND) -> None:
    """The promises: bounded without a position, never wrong with one, never half of two changes."""
    assert max(found.delays) <= bound
    assert found.wrong_with_position == 0
    assert found.enemies == 0
    assert found.failures == 0


@pytest.mark.parametrize("kind", [pytest.param("single", marks=LONG), "cluster"])
def test_four_workers_agree_soon_and_with_a_position_at_once(
    request: pytest.FixtureRequest, nursery: Nursery, kind: str
) -> None:
    reach: dict[str, Any]
    if kind == "single":
        reach = {"REDIS_URL": request.getfixturevalue("own_redis").url}
    else:
        cluster: Cluster = request.getfixturevalue("valkey_cluster")
        # One server for many tests: a prefix of its own.
        reach = {"REDIS_CLUSTER_NODES": cluster.nodes, "REDIS_KEY_PREFIX": "new-enemy:"}
    with Platform(nursery, reach, workers=4, people=3) as platform:
        for _ in range(3):
            assert_kept(platform.round(CALM))


def test_a_writer_that_dies_unheard_is_relayed_within_the_bound(
    own_redis: Server, nursery: Nursery
) -> None:
    with Platform(nursery, {"REDIS_URL": own_redis.url}, workers=2, people=1) as platform:
        found = platform.round_with_a_death(BOUND)
    assert_kept(found)
    assert found.relayed > 0


def test_a_redis_that_stands_still_makes_nobody_older_than_the_bound(
    own_redis: Server, nursery: Nursery
) -> None:
    with Platform(nursery, {"REDIS_URL": own_redis.url}, workers=2, people=2) as platform:
        try:
            assert_kept(platform.round(BOUND, before=own_redis.pause))
        finally:
            own_redis.resume()


def test_an_ended_credential_is_refused_soon_and_with_a_position_at_once(
    own_redis: Server, nursery: Nursery
) -> None:
    with Platform(nursery, {"REDIS_URL": own_redis.url}, people=0, accounts=len(KINDS)) as platform:
        for kind in KINDS:
            assert_kept(platform.credential_round(kind, CALM))


@pytest.mark.parametrize("kind", ENDS)
def test_an_end_of_a_credential_whose_writer_dies_is_relayed_within_the_bound(
    own_redis: Server, nursery: Nursery, kind: str
) -> None:
    with Platform(
        nursery, {"REDIS_URL": own_redis.url}, workers=2, people=0, accounts=1
    ) as platform:
        found = platform.credential_round_with_a_death(kind, BOUND)
    assert_kept(found)
    assert found.relayed > 0


def test_a_redis_that_stands_still_keeps_no_credential_alive_beyond_the_bound(
    own_redis: Server, nursery: Nursery
) -> None:
    reach = {"REDIS_URL": own_redis.url}
    with Platform(nursery, reach, workers=2, people=0, accounts=len(ENDS)) as platform:
        for kind in ENDS:
            try:
                assert_kept(platform.credential_round(kind, BOUND, before=own_redis.pause))
            finally:
                own_redis.resume()
            # Heard again: tokens are accepted from memory before the next is ended.
            for worker in platform.workers:
                wait_until(partial(worker.do, "start"))


@LONG
def test_a_node_moves_by_one_write_and_all_below_it_is_seen_to_have_moved_within_the_bound(
    own_redis: Server, nursery: Nursery
) -> None:
    found = measure(nursery, {"REDIS_URL": own_redis.url}, below=2_000)
    node, told, _ = (one.split(" ")[:3] for one in found.written)
    assert node[:2] == ["UPDATE", "bench_level2"]
    assert told == ["INSERT", "INTO", "yoto_permission_outbox"]
    assert found.entries == 1
    assert max(found.delays) <= BOUND
    assert found.gained == ASKED
