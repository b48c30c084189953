"""Admissions of a fleet while Redis is away, whatever becomes of its processes."""

from __future__ import annotations

import itertools
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given
from hypothesis import strategies as st

from yoto.fleet import BEAT_SECONDS, GONE_AFTER_MS
from yoto.redis import KeyBuilder
from yoto.resilience.algorithms import find_algorithm
from yoto.resilience.limiter.dimensions import DimensionPlan
from yoto.resilience.limiter.local import LocalLimiter
from yoto.resilience.seats import Seats, folders_of
from yoto.resilience.settings import RateLimitConfig
from yoto.resilience.shares import Shares

LOG = find_algorithm("sliding_log")
WINDOW = 60.0
HEARD_FOR = GONE_AFTER_MS / 1000


class Worker:
    """A process: its twin, and its part of the fleet."""

    def __init__(self, fleet: Fleet) -> None:
        self.shares = Shares(Seats([fleet.folder]), lambda: fleet.configured, lambda: fleet.now)
        self.local = LocalLimiter(self.shares.part, self.shares)


class Fleet:
    """Processes on one machine, and a Redis that may be away, on a clock of numbers."""

    def __init__(self, folder: Path, limit: int, configured: int = 0) -> None:
        self.folder, self.limit, self.configured = folder, limit, configured
        config = RateLimitConfig(algorithm="sliding_log", limit=limit, window=WINDOW)
        self.target = DimensionPlan("x", config, KeyBuilder()).target("k")
        self.quota = self.target.dimensions[0].quota
        self.now = 1_000.0
        self.redis = LOG.meter(self.now)
        self.away = False
        self.workers: list[Worker] = []
        self.most_workers = 0
        self.admitted: list[float] = []
        # Losses of Redis less than a window after one that met another number of instances.
        self.other_numbers: list[float] = []
        self._lost = (-WINDOW, 0)
        # By worker, whom this keeps: another one's id must not be the same.
        self._heard: dict[Worker, float] = {}

    def born(self) -> None:
        self.workers.append(Worker(self))
        self.most_workers = max(self.most_workers, len(self.workers))
        self.beat()

    def die(self, number: int) -> None:
        """Killed: nobody is told, and the seat is free."""
        if self.workers:
            self.workers.pop(number % len(self.workers)).shares.close()

    def leave(self, number: int) -> None:
        """Ended in order: Redis hears of it, if it is there."""
        if self.workers:
            worker = self.workers.pop(number % len(self.workers))
            if not self.away:
                self._heard.pop(worker, None)
                worker.shares.vacate()
            worker.shares.close()
            self.beat()

    def beat(self) -> None:
        if self.away:
            return
        for worker in self.workers:
            self._heard[worker] = self.now
        for worker in self.workers:
            worker.shares.hear(self._alive())

    def _alive(self) -> int:
        return sum(at > self.now - HEARD_FOR for at in self._heard.values())

    def turn(self) -> None:
        self.beat()
        at, number = self._lost
        if not self.away:
            if number != self._alive() and self.now < at + WINDOW:
                self.other_numbers.append(self.now)
            number = self._alive()
        self._lost = (self.now, number)
        self.away = not self.away
        self.beat()

    def wait(self, seconds: float) -> None:
        end = self.now + seconds
        while not self.away and self.now + BEAT_SECONDS < end:
            self.now += BEAT_SECONDS
            self.beat()
        self.now = end

    def hit(self, number: int, times: int) -> None:
        if not self.workers:
            return
        local = self.workers[number % len(self.workers)].local
        (key,) = self.target.keys
        for _ in range(times):
            if self.away:
                passed = local.hit(self.target, 1, self.now, LOG)[0].retry_after == 0
            else:
                units = local.begin_reporting(key, self.quota, self.now, LOG) if local else 0
                if units > 0:
                    room = self.limit - self.redis.used(self.now, self.quota)
                    self.redis.charge(self.now, max(0.0, min(units, room)), self.quota)
                    local.end_reporting(key, reported=True)
                passed = self.redis.wait(self.now, 1, self.quota) == 0
                if passed:
                    self.redis.charge(self.now, 1, self.quota)
            if passed:
                self.admitted.append(self.now)

    def ask_all(self) -> None:
        """Until none admits any more."""
        for number in range(len(self.workers)):
            self.hit(number, self.limit + 1)

    def admitted_from(self, start: float) -> int:
        """How much is admitted in the window that begins then."""
        return sum(start <= at < start + WINDOW for at in self.admitted)


STEPS = st.one_of(
    st.tuples(st.just("born")),
    st.tuples(st.just("born")),
    st.tuples(st.just("die"), st.integers(0, 9)),
    st.tuples(st.just("leave"), st.integers(0, 9)),
    st.tuples(st.just("turn")),
    st.tuples(st.just("wait"), st.sampled_from([0.3, 1.0, 5.0, 9.5, 12.0, 31.0, 61.0])),
    st.tuples(st.just("hit"), st.integers(0, 9), st.integers(1, 30)),
    st.tuples(st.just("ask_all")),
    st.tuples(st.just("ask_all")),
)


@given(st.integers(1, 30), st.integers(1, 4), st.lists(STEPS, max_size=60))
def test_twice_the_limit_or_a_unit_for_each_instance_is_the_most(
    limit: int, first: int, steps: list[tuple[str, *tuple[float, ...]]]
) -> None:
    """Crash loops, rolling restarts and recycled workers, on a machine that had Redis once."""
    with TemporaryDirectory() as folder:
        fleet = Fleet(Path(folder), limit)
        for _ in range(first):
            fleet.born()
        fleet.ask_all()
        fleet.turn()
        for name, *values in steps:
            getattr(fleet, name)(*values)
        while fleet.workers:
            fleet.die(0)
        shares = max(limit, fleet.most_workers)
        for start in fleet.admitted:
            # Each number of instances has its shares.
            numbers = 1 + sum(start <= at < start + WINDOW for at in fleet.other_numbers)
            assert fleet.admitted_from(start) <= limit + numbers * shares


@pytest.mark.parametrize("configured", [0, 3])
def test_where_redis_never_was_each_has_a_unit_and_later_its_part(
    tmp_path: Path, configured: int
) -> None:
    fleet = Fleet(tmp_path, 12, configured)
    fleet.turn()
    for _ in range(4):
        fleet.born()
    fleet.ask_all()
    assert len(fleet.admitted) == 4
    fleet.wait(WINDOW + 1)
    fleet.admitted.clear()
    fleet.ask_all()
    # Three have their parts; the fourth is none of the three that the setting says.
    assert len(fleet.admitted) == (12 if configured else 4)


def test_six_newborn_workers_get_what_two_before_them_left(tmp_path: Path) -> None:
    fleet = Fleet(tmp_path, 100)
    fleet.born()
    fleet.born()
    fleet.turn()
    fleet.hit(0, 200)
    fleet.die(0)
    for _ in range(6):
        fleet.born()
    for number, _ in itertools.product(range(7), range(2)):
        fleet.hit(number, 200)
    assert len(fleet.admitted) == 100


def test_a_share_is_one_share_where_redis_is_lost_twice_in_a_window(tmp_path: Path) -> None:
    fleet = Fleet(tmp_path, 100)
    fleet.born()
    fleet.born()
    for _ in range(2):
        fleet.turn()
        fleet.hit(0, 200)
        assert len(fleet.admitted) == 50
        fleet.turn()
    fleet.hit(0, 200)
    assert len(fleet.admitted) == 100


def test_who_waited_for_a_seat_and_was_refused_still_takes_over_its_use(tmp_path: Path) -> None:
    fleet = Fleet(tmp_path, 100)
    fleet.born()
    fleet.turn()
    fleet.hit(0, 200)
    fleet.born()
    fleet.hit(1, 1)
    fleet.die(0)
    fleet.wait(1.0)
    fleet.hit(0, 200)
    assert len(fleet.admitted) == 100


def test_two_numbers_of_instances_have_two_shares_where_redis_is_lost_twice(tmp_path: Path) -> None:
    fleet = Fleet(tmp_path, 100)
    fleet.born()
    fleet.turn()
    fleet.hit(0, 200)
    fleet.turn()
    fleet.born()
    fleet.turn()
    fleet.ask_all()
    assert len(fleet.admitted) == 100 + 50


def test_where_no_file_can_be_written_a_newborn_has_a_unit_until_a_window_is_over(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "file").write_text("")
    now = [1_000.0]
    shares = Shares(Seats([tmp_path / "file" / "seats"]), lambda: 4, lambda: now[0])
    assert [shares.part(100, WINDOW), shares.part(0, WINDOW)] == [1, 0]
    now[0] += WINDOW
    assert shares.part(100, WINDOW) == 25
    assert "not kept for later workers" in caplog.text
    shares.hear(2)
    assert shares.part(100, WINDOW) == 50


def test_applications_have_folders_of_their_own(tmp_path: Path) -> None:
    assert not set(folders_of(tmp_path, "a")) & set(folders_of(tmp_path, "b"))
