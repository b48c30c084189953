"""Rate limits: what may be admitted in a window."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest

from proof.campaign.history import Fault, Operation
from proof.campaign.models import quota
from proof.tests.campaign.operations import fault, op

LOG = {"algorithm": "sliding_log", "limit": 3, "window": 2.0, "burst": 0}
BUCKET = {"algorithm": "token_bucket", "limit": 2, "window": 1.0, "burst": 3}


def hits(limit: dict[str, Any], *moments: float) -> list[Operation]:
    return [
        op("hit", at, at + 0.1, limit, {"admitted": [(at, at + 0.02)], "refused": []})
        for at in moments
    ]


def violations(operations: list[Operation], *faults: Fault) -> list[str]:
    return quota.judge(operations, faults).violations


def test_a_log_admits_its_limit_in_any_window() -> None:
    assert not violations(hits(LOG, 0.0, 1.0, 1.5, 2.1, 3.1))
    assert violations(hits(LOG, 0.0, 1.0, 1.5, 1.8))


def test_a_bucket_admits_its_burst_and_what_drains() -> None:
    assert not violations(hits(BUCKET, 0.0, 0.0, 0.0, 0.5, 1.0))
    assert violations(hits(BUCKET, 0.0, 0.0, 0.0, 0.1))


@pytest.mark.parametrize("algorithm", ["fixed_window", "sliding_window"])
def test_windows_admit_twice_their_limit_at_most(algorithm: str) -> None:
    limit = LOG | {"algorithm": algorithm}
    assert not violations(hits(limit, *[0.1 * number for number in range(6)]))
    assert violations(hits(limit, *[0.1 * number for number in range(7)]))


def test_each_loss_of_data_gives_the_allowance_once_more() -> None:
    twice = hits(LOG, 0.0, 0.1, 0.2, 1.0, 1.1, 1.2)
    assert violations(twice)
    finding = quota.judge(twice, [fault(0.5, 0.6, "lost-data")])
    assert finding.holds and finding.excused
    assert violations(hits(LOG, *[0.1 * n for n in range(7)]), fault(0.3, 0.4, "lost-data"))
    # Somewhere else in time it explains nothing.
    assert violations(twice, fault(50.0, 51.0, "lost-data"))


def test_only_a_local_limit_admits_more_without_redis() -> None:
    without = fault(0.5, 0.9, "no-redis")
    twice = (0.0, 0.1, 0.2, 1.0, 1.1, 1.2)
    assert violations(hits(LOG, *twice), without)
    assert not violations(hits(LOG | {"on_store_error": "local"}, *twice), without)


def test_what_was_refused_or_never_answered_does_not_count() -> None:
    admitted = hits(LOG, 0.0, 0.1, 0.2)
    refused = op("hit", 0.3, 0.4, LOG, {"admitted": [], "refused": [(0.3, 0.4)]})
    assert not violations([*admitted, refused, op("hit", 0.3, 9.0, LOG, outcome="unknown")])


def test_how_close_each_limit_came_is_said_by_its_name() -> None:
    one = hits(LOG, 0.0, 0.1)
    other = [
        dataclasses.replace(hit, key="other:c1", value={"admitted": [], "refused": []})
        for hit in one
    ]
    finding = quota.judge([*one, *other], [])
    assert finding.worst == {
        "most in a window of k (x limit)": pytest.approx(2 / 3),
        "most in a window of other (x limit)": 0.0,
    }
