"""Unusual behaviour: between 0 and 1, unknown when it is, higher for what is less likely."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st
from pytest import approx

from yoto.rooms.prefetch.learning import Population, UserModel, hour_probabilities, unusual
from yoto.rooms.prefetch.learning.models import UserAction
from yoto.rooms.prefetch.learning.surprise import KNOWN_ACTIVITIES, activity_probabilities
from yoto.rooms.prefetch.steps import Step

DAY, HOUR = 24 * 3600.0, 3600.0
ACTIONS = ("channel.read", "message.send", "member.ban", "role.manage")
activities = st.lists(
    st.tuples(st.sampled_from(ACTIONS), st.floats(0, 5 * DAY)), min_size=35, max_size=60
)


def models(mine: list[tuple[str, float]]) -> tuple[UserModel, Population]:
    user, everybody = UserModel(7 * DAY, 0.0), Population(7 * DAY, 0.0)
    for action, at in sorted(mine, key=lambda one: one[1]):
        user.count_activity(Step(action, "server", 1), at)
        everybody.count_activity(Step(action, "server", 1), at)
    return user, everybody


def by_day(action: str, days: int = 20, hour: int = 10) -> list[tuple[str, float]]:
    return [(action, day * DAY + (hour + step) * HOUR) for day in range(days) for step in range(4)]


@settings(max_examples=40)
@given(activities, st.sampled_from([*ACTIONS, "server.manage"]), st.floats(5 * DAY, 9 * DAY))
def test_it_lies_between_nothing_and_all(
    mine: list[tuple[str, float]], action: str, now: float
) -> None:
    user, everybody = models(mine)
    found = unusual(user, everybody, (action, "server"), now)
    assert found is None or 0.0 <= found < 1.0


@settings(max_examples=40)
@given(activities, st.floats(5 * DAY, 9 * DAY))
def test_what_is_likelier_is_never_more_unusual(mine: list[tuple[str, float]], now: float) -> None:
    user, everybody = models(mine)
    chances = activity_probabilities(user, everybody, now)
    scored = sorted(
        (chances[activity], unusual(user, everybody, activity, now))
        for activity in chances
        if activity is not None
    )
    scores = [score for _, score in scored if score is not None]
    assert scores == sorted(scores, reverse=True)


@settings(max_examples=40)
@given(activities, st.floats(5 * DAY, 9 * DAY))
def test_deeds_and_hours_are_distributions(mine: list[tuple[str, float]], now: float) -> None:
    user, everybody = models(mine)
    assert sum(activity_probabilities(user, everybody, now).values()) == approx(1.0)
    assert sum(hour_probabilities(user, now)) == approx(1.0)


def score(mine: list[tuple[str, float]], activity: UserAction, now: float) -> float | None:
    return unusual(*models(mine), activity, now)


def test_too_little_is_known_of_somebody_new() -> None:
    few = by_day("channel.read", days=int(KNOWN_ACTIVITIES / 4) - 1)
    assert score(few, ("channel.read", "server"), 9 * DAY) is None


def test_what_somebody_does_every_day_at_their_hours_is_usual() -> None:
    assert score(by_day("channel.read"), ("channel.read", "server"), 20 * DAY + 11 * HOUR) == 0.0


def test_what_nobody_has_seen_them_do_is_not() -> None:
    found = score(by_day("channel.read"), ("member.ban", "server"), 20 * DAY + 11 * HOUR)
    assert found is not None and found > 0.2


def test_the_same_at_night_is_more_unusual() -> None:
    mine = by_day("channel.read")
    activity = ("member.ban", "server")
    by_night, in_time = (score(mine, activity, 20 * DAY + hour * HOUR) for hour in (3, 11))
    assert by_night is not None and in_time is not None and by_night > in_time


def test_it_becomes_unknown_again_when_deeds_grow_old() -> None:
    assert score(by_day("channel.read"), ("channel.read", "server"), 200 * DAY) is None
