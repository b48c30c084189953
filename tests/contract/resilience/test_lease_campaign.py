"""Leased limits and bulkheads under kills and pauses: nobody is let in whom the limit forbids.

With ``-s`` it prints what was wasted; ``YOTO_TEST_CAMPAIGN_CALLS=1000000`` makes so many calls of
each limit.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.contract.resilience.campaign import run_campaign, stays_in, uses_in
from tests.contract.resilience.conftest import reach_of
from tests.support.nursery import Nursery
from tests.support.over_admission import most_inside, most_over
from yoto.resilience.algorithms import Quota, algorithm_names

CALLS = int(os.environ.get("YOTO_TEST_CAMPAIGN_CALLS", "20000"))
# s. Some tens of leases, and as many kills and pauses.
SECONDS = 1.5
# Units in a second, which three workers that ask as fast as they can use up at once.
QUOTA = Quota(limit=400, window=1.0, capacity=400)
# A stay costs a hundred times as much as a hit.
STAYS = CALLS // 20
SLOTS, THREADS, LEASE = 24, 12, 0.5


@pytest.mark.parametrize("algorithm", algorithm_names())
def test_no_unit_above_the_limit_is_used_whoever_is_killed_or_paused(
    request: pytest.FixtureRequest,
    name: str,
    algorithm: str,
    tmp_path: Path,
    nursery: Nursery,
) -> None:
    report = run_campaign(
        nursery,
        reach_of(request, "valkey"),
        "hit",
        tmp_path,
        CALLS,
        SECONDS,
        name=name,
        algorithm=algorithm,
        limit=QUOTA.limit,
        window=QUOTA.window,
    )
    uses = uses_in(tmp_path)
    over = most_over(algorithm, QUOTA, uses, report.starts)
    print(f"\n{algorithm}: {len(uses)} let in of {report.calls}, over {over};")
    print(f"{report.leased} leased, {report.wasted} of them wasted;")
    print(f"{report.kills} kills, {report.pauses} pauses")
    assert over == 0
    # Else the limit was not reached, or nothing was leased, and the campaign says nothing.
    assert QUOTA.limit <= len(uses) < report.calls
    assert report.leased > 0
    assert report.kills > 0 and report.pauses > 0


def test_no_more_than_the_cap_are_inside_whoever_is_killed_or_paused(
    request: pytest.FixtureRequest, name: str, tmp_path: Path, nursery: Nursery
) -> None:
    report = run_campaign(
        nursery,
        reach_of(request, "valkey"),
        "occupy",
        tmp_path,
        STAYS,
        SECONDS,
        name=name,
        max_concurrent=SLOTS,
        lease=LEASE,
        threads=THREADS,
    )
    stays = stays_in(tmp_path, report.killed)
    most = most_inside(stays)
    print(f"\nbulkhead: {len(stays)} stays of {report.calls}, at most {most};")
    print(f"{report.leased} leased, {report.wasted} of them wasted;")
    print(f"{report.kills} kills, {report.pauses} pauses")
    assert most <= SLOTS
    assert SLOTS // 2 < most
    assert report.leased > 0
    assert report.kills > 0 and report.pauses > 0
