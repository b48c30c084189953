"""One worker tries new values of a guard; then all have them, or nobody."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import pytest

from tests.support.waiting import wait_until
from tests.unit.yoto.resilience.controller.conftest import NewController
from yoto.errors import BulkheadFull, ValidationFailed, VersionConflict
from yoto.resilience import BulkheadConfig, CircuitBreakerConfig, Kind, ResilienceController
from yoto.rooms.rollouts.trials import trials_of

B, NAME = Kind.BULKHEAD, "search"
TARGET = f"bulkhead:{NAME}"
TRIED = {"max_concurrent": 1}
BOUNDS: dict[str, Any] = {"seconds": 60.0, "minimum_calls": 2}


class Pair:
    """Two workers; the first tries, by a clock of the test's."""

    def __init__(self, new_controller: NewController) -> None:
        self.first, self.second = new_controller(), new_controller()
        self.now = 0.0
        self.rollouts, self.others = trials_of(self.first), trials_of(self.second)
        for one in (self.first, self.second):
            one.define(
                NAME,
                bulkhead=BulkheadConfig(max_concurrent=8),
                circuit_breaker=CircuitBreakerConfig(),
            )
            one.start()
        self.rollouts._clock = lambda: self.now

    def begin(self, **bounds: Any) -> None:
        given = {**BOUNDS, "worker": self.rollouts.worker, **bounds}
        self.others.begin(B, NAME, TRIED, author="ada", reason="a busy evening", **given)
        wait_until(lambda: limit_of(self.first) == 1, what="the worker to try it")
        self.rollouts.turn()

    def tried(self) -> bool:
        return bool(self.others.live())


@pytest.fixture
def pair(new_controller: NewController) -> Iterator[Pair]:
    yield Pair(new_controller)


def limit_of(controller: ResilienceController) -> int:
    """The limit that calls of this worker meet."""
    reader = controller.config.reader(B, NAME, BulkheadConfig)
    return reader().max_concurrent


def calls(controller: ResilienceController, n: int, rejected: int = 0) -> None:
    guard = controller.bulkhead(NAME)
    for _ in range(n):
        permit = guard.acquire(0)
        for _ in range(rejected):
            with pytest.raises(BulkheadFull):
                guard.acquire(0)
        permit.release()


def test_what_went_well_is_everywhere_after_its_time_as_its_author_set_it(pair: Pair) -> None:
    pair.begin()
    assert limit_of(pair.second) == 8
    # The limit of the fleet is shown by the worker that tries another one, too.
    assert pair.first.config.get(B, NAME).config == BulkheadConfig(max_concurrent=8)
    calls(pair.first, 2)
    pair.rollouts.turn()
    assert limit_of(pair.second) == 8
    pair.now = 60.0
    pair.rollouts.turn()
    wait_until(lambda: limit_of(pair.second) == 1, what="all to have it")
    (layer,) = pair.second.config.get(B, NAME).layers
    assert (layer.author, layer.reason, layer.values) == ("ada", "a busy evening", TRIED)
    wait_until(lambda: not pair.tried())
    assert limit_of(pair.first) == 1


def test_too_many_rejections_take_it_back_and_say_why(pair: Pair) -> None:
    pair.begin()
    calls(pair.first, 1, rejected=3)
    pair.rollouts.turn()
    assert limit_of(pair.first) == 8
    wait_until(lambda: not pair.tried())
    assert limit_of(pair.second) == 8 and pair.second.config.get(B, NAME).version == 0
    newest = pair.second.config.history(Kind.ROLLOUT, TARGET)[0]
    assert (newest.author, newest.values) == ("rollout", None)
    assert newest.reason == "taken back: 3 of 4 calls rejected, more than 5.0%"


def test_too_many_failures_take_it_back(pair: Pair) -> None:
    guard = pair.first.guard(NAME)
    pair.begin(max_rejected=1.0)
    for _ in range(2):
        with suppress(OSError), guard.enter(None):
            raise OSError
    pair.rollouts.turn()
    assert limit_of(pair.first) == 8
    assert "failed" in pair.first.config.history(Kind.ROLLOUT, TARGET)[0].reason


def test_an_entry_that_somebody_changed_meanwhile_stays_as_they_made_it(pair: Pair) -> None:
    pair.begin()
    calls(pair.first, 2)
    pair.second.config.set(B, NAME, {"max_concurrent": 5}, author="bert", reason="other plans")
    wait_until(lambda: pair.first.config.get(B, NAME).version == 1)
    pair.now = 60.0
    pair.rollouts.turn()
    assert (limit_of(pair.first), limit_of(pair.second)) == (5, 5)
    assert not pair.rollouts.live()


def test_what_a_dead_worker_tried_ends_by_itself(
    pair: Pair, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("yoto.rooms.rollouts.trials.GRACE", 0.1)
    pair.others.begin(B, NAME, TRIED, author="ada", reason="a test", worker="dead", seconds=3.0)
    assert pair.tried() and (limit_of(pair.first), limit_of(pair.second)) == (8, 8)
    wait_until(lambda: not pair.tried())


def test_an_operator_decides_before_its_time(pair: Pair) -> None:
    pair.begin()
    with pytest.raises(ValidationFailed, match="one at a time"):
        pair.rollouts.begin(B, NAME, TRIED, author="bert", reason="again")
    pair.others.take_back(TARGET, author="bert", reason="no")
    wait_until(lambda: limit_of(pair.first) == 8)
    pair.begin()
    pair.others.promote(TARGET, author="bert", reason="yes")
    assert limit_of(pair.second) == 1 and not pair.tried()
    with pytest.raises(ValidationFailed, match="nothing is tried"):
        pair.others.promote(TARGET, author="bert", reason="yes")


def test_what_the_entry_itself_would_refuse_is_not_tried(pair: Pair) -> None:
    begin = pair.rollouts.begin
    with pytest.raises(ValidationFailed, match="max_concurrent"):
        begin(B, NAME, {"max_concurrent": -1}, author="ada", reason="a test")
    with pytest.raises(VersionConflict):
        begin(B, NAME, TRIED, author="ada", reason="a test", version=3)
    with pytest.raises(ValidationFailed, match="cannot be tried"):
        begin(Kind.SWITCH, NAME, {"enabled": True}, author="ada", reason="a test")
