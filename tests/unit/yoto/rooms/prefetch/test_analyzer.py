"""A process's report of behaviour: own habits, everybody's, and nothing of those forgotten."""

from __future__ import annotations

import pytest

from yoto.rooms.prefetch.analyzer import BehaviorAnalyzer
from yoto.rooms.prefetch.recording import Kept
from yoto.rooms.prefetch.settings import PrefetchSettings
from yoto.rooms.prefetch.steps import UserBehavior

DAY = 24 * 3600.0
START = 1_700_000_000.0


class Clock:
    def __init__(self) -> None:
        self.now = START

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def analyzer(clock: Clock) -> BehaviorAnalyzer:
    return BehaviorAnalyzer(PrefetchSettings(users=3), clock)


def read(user_id: int, channel: int, at: float, observed: bool = True) -> UserBehavior:
    return UserBehavior(user_id, "channel.read", "channel", channel, at, observed)


def walk(analyzer: BehaviorAnalyzer, clock: Clock, user_id: int, channels: list[int]) -> None:
    for channel in channels:
        clock.now += 5.0
        analyzer.learn(read(user_id, channel, clock.now))


def test_the_habit_of_a_user_comes_first(analyzer: BehaviorAnalyzer, clock: Clock) -> None:
    walk(analyzer, clock, 1, [1, 2, 3] * 10 + [1])
    first, *rest = analyzer.predict(1)
    assert first.step.id == 2 and first.probability > 0.8
    assert first.probability + sum(one.probability for one in rest) <= 1.0 + 1e-9


def test_somebody_new_is_predicted_as_everybody_is(
    analyzer: BehaviorAnalyzer, clock: Clock
) -> None:
    walk(analyzer, clock, 1, [1, 2] * 10)
    walk(analyzer, clock, 2, [1])
    assert analyzer.predict(2)[0].step.id == 2


def test_a_client_is_told_nothing_of_where_others_go(
    analyzer: BehaviorAnalyzer, clock: Clock
) -> None:
    walk(analyzer, clock, 1, [1, 2] * 10)
    walk(analyzer, clock, 2, [1])
    assert [one.step.id for one in analyzer.predict(2, own_only=True)] == [1]
    assert analyzer.predict(3, own_only=True) == []


def test_what_a_client_tells_moves_its_own_predictions_and_no_others(
    analyzer: BehaviorAnalyzer, clock: Clock
) -> None:
    for _ in range(50):
        clock.now += 5
        analyzer.learn(read(1, 1, clock.now, observed=False))
        analyzer.learn(read(1, 2, clock.now, observed=False))
    assert analyzer.predict(1, own_only=True)[0].step.id == 1
    assert analyzer.predict(2) == []
    assert analyzer.profile(1) is None
    assert analyzer.unusual(1, "channel.read", "channel") is None


def test_a_history_makes_the_model_that_the_deeds_made(
    analyzer: BehaviorAnalyzer, clock: Clock
) -> None:
    walk(analyzer, clock, 1, [1, 2, 3] * 10)
    expected = [(one.step, round(one.probability, 9)) for one in analyzer.predict(1)]
    activities = [read(1, 1 + n % 3, START + 5.0 * (n + 1)) for n in range(30)]
    analyzer.install({1: Kept(clock.now * 1000, activities)})
    assert [(one.step, round(one.probability, 9)) for one in analyzer.predict(1)] == expected


def test_what_the_history_had_is_not_heard_again(analyzer: BehaviorAnalyzer, clock: Clock) -> None:
    analyzer.install({1: Kept(clock.now * 1000, [read(1, 1, START - 10)])})
    analyzer.hear([read(1, 1, START - 10)], written_ms=clock.now * 1000 - 1)
    known = analyzer.profile(1)
    assert known is not None and known.activities == pytest.approx(1.0, abs=1e-4)
    analyzer.hear([read(1, 2, START)], written_ms=clock.now * 1000 + 1)
    known = analyzer.profile(1)
    assert known is not None and known.activities == pytest.approx(2.0, abs=1e-4)


def test_those_seen_last_are_kept(analyzer: BehaviorAnalyzer, clock: Clock) -> None:
    for user_id in (1, 2, 3, 1, 4):
        walk(analyzer, clock, user_id, [user_id])
    assert analyzer.sizes["users"] == 3
    assert analyzer.profile(2) is None and analyzer.profile(1) is not None


def test_somebody_who_is_forgotten_is_unknown(analyzer: BehaviorAnalyzer, clock: Clock) -> None:
    walk(analyzer, clock, 1, [1, 2] * 20)
    analyzer.forget(1)
    assert analyzer.profile(1) is None and analyzer.unknown([1]) == [1]
    assert analyzer.predict(1, own_only=True) == []


def test_a_deed_from_the_future_does_not_make_all_others_worthless(
    analyzer: BehaviorAnalyzer, clock: Clock
) -> None:
    walk(analyzer, clock, 1, [1, 2] * 20)
    analyzer.learn(read(1, 3, clock.now + 1000 * DAY))
    assert analyzer.profile(1).activities == pytest.approx(41, abs=0.1)  # type: ignore[union-attr]


def test_hours_and_actions_are_shares(analyzer: BehaviorAnalyzer, clock: Clock) -> None:
    walk(analyzer, clock, 1, [1, 2] * 20)
    profile = analyzer.profile(1)
    assert profile is not None
    assert sum(profile.hours) == pytest.approx(1.0)
    assert profile.actions == (("channel.read", "channel", 1.0),)
