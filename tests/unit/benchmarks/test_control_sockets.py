"""When the measurement of sockets says that something is wrong."""

from __future__ import annotations

from typing import Any

import pytest

from benchmarks.control_sockets.report import MOST_GROWN_MB, failures

GOOD = {
    "clients": 2,
    "events": 10,
    "deliveries": 20,
    "clients_with_every_event_once_in_order": 2,
    "worker_grew_mb": 5.0,
    "cut_off": True,
}


def test_what_is_as_it_has_to_be_is_no_failure() -> None:
    assert failures(GOOD) == []


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"clients_with_every_event_once_in_order": 1}, "only 1 of 2"),
        ({"deliveries": 21}, "once"),
        ({"worker_grew_mb": MOST_GROWN_MB + 1}, "grew"),
        ({"cut_off": False}, "not cut off"),
    ],
)
def test_each_thing_that_is_wrong_is_named(change: dict[str, Any], says: str) -> None:
    (wrong,) = failures(GOOD | change)
    assert says in wrong
