"""Acts that count as a step, the end of a session, and the hours in which somebody is there."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from pytest import approx

from yoto.rooms.prefetch.learning import (
    Context,
    Counts,
    Level,
    Population,
    UserModel,
    distribution,
    probability,
)
from yoto.rooms.prefetch.learning.models import NOTHING, SESSION_GAP, USER_CONTEXTS, USER_STEPS
from yoto.rooms.prefetch.steps import Step

DAY = 24 * 3600.0
steps = st.integers(1, 6).map(lambda number: Step("channel.read", "channel", number))
walks = st.lists(st.tuples(steps, st.floats(0, 4_000)), max_size=60)


def user_of(walk: list[tuple[Step, float]]) -> tuple[UserModel, float]:
    """A model of somebody who took these steps, each so many s after the one before."""
    model, now = UserModel(7 * DAY, 0.0), 0.0
    for step, pause in walk:
        now += pause
        model.learn(step, now, True)
    return model, now


def everybody_of(walk: list[tuple[Step, float]]) -> Population:
    model, now, last = Population(7 * DAY, 0.0), 0.0, NOTHING
    for step, pause in walk:
        now += pause
        model.count(step, last, now)
        last = Context(step)
    return model


@given(walks, walks, st.floats(0, 100 * DAY))
def test_the_probabilities_of_everything_known_add_up_to_one(
    mine: list[tuple[Step, float]], others: list[tuple[Step, float]], later: float
) -> None:
    user, now = user_of(mine)
    everybody = everybody_of(others)
    context = user.context_at(now + later)
    levels = everybody.levels(context, now + later) + user.levels(context, now + later)
    found = distribution(levels)
    assert sum(found.values()) == approx(1.0 if mine or others else 0.0)
    assert all(0.0 <= one <= 1.0 + 1e-9 for one in found.values())


@given(walks, steps)
def test_somebody_of_whom_nothing_is_known_is_predicted_as_everybody_is(
    others: list[tuple[Step, float]], step: Step
) -> None:
    everybody = everybody_of(others)
    nobody, now = UserModel(7 * DAY, 0.0), 10 * DAY
    context = Context(step)
    population = everybody.levels(context, now)
    assert distribution(population + nobody.levels(context, now)) == distribution(population)


@given(walks, steps, st.floats(0, 300 * DAY), st.floats(0, 300 * DAY))
def test_own_habits_lose_weight_against_everybodys_as_time_passes(
    others: list[tuple[Step, float]], step: Step, sooner: float, more: float
) -> None:
    everybody = everybody_of(others)
    if not everybody.steps.total:
        return
    mine, now = user_of([(step, 1.0)] * 3)

    def distance(at: float) -> float:
        base = everybody.levels(NOTHING, at)
        return abs(probability(step, base + mine.levels(NOTHING, at)) - probability(step, base))

    assert distance(now + sooner + more) <= distance(now + sooner) + 1e-12


def test_two_steps_back_tell_apart_what_one_does_not() -> None:
    a, b, c, d, x = (Step("channel.read", "channel", number) for number in range(1, 6))
    user, now = user_of([(step, 1.0) for step in [a, x, c, b, x, d] * 20])
    after_ax, after_bx = Context(x, a), Context(x, b)
    assert probability(c, user.levels(after_ax, now)) > 0.7
    assert probability(d, user.levels(after_bx, now)) > 0.7
    assert probability(c, user.levels(Context(x), now)) < 0.6


def test_with_nothing_known_of_anybody_nothing_is_likely() -> None:
    assert probability("anything", []) == 0.0
    assert distribution([]) == {}


def test_the_formula_is_the_documented_one() -> None:
    below: Counts[object] = Counts(4)
    below.add("x", 1.0)
    below.add("y", 3.0)
    above: Counts[object] = Counts(4)
    above.add("x", 4.0)  # a weight of 4 on a scale of 2: two deeds of now
    levels = [Level(below, 1.0), Level(above, 2.0)]
    assert probability("x", levels, prior=5.0) == approx((2 + 5 * 0.25) / (2 + 5))


ONE, TWO = (Step("channel.read", "channel", number) for number in (1, 2))


def new_model() -> UserModel:
    return UserModel(7 * DAY, 0.0)


def test_a_step_is_counted_after_the_one_before() -> None:
    model = new_model()
    assert model.learn(ONE, 10.0, True) == NOTHING
    assert model.learn(TWO, 20.0, True) == Context(ONE)
    assert model.context == Context(TWO, ONE)


def test_the_same_step_again_is_a_deed_and_no_step() -> None:
    model = new_model()
    model.learn(ONE, 10.0, True)
    assert model.learn(ONE, 11.0, True) is None
    assert model.steps.total < 1.001 < model.activities.total


def test_after_half_an_hour_a_session_begins() -> None:
    model = new_model()
    model.learn(ONE, 10.0, True)
    assert model.context_at(10.0 + SESSION_GAP) == Context(ONE)
    assert model.context_at(11.0 + SESSION_GAP) == NOTHING
    model.learn(TWO, 11.0 + SESSION_GAP, True)
    assert model.after.get(ONE) is None


def test_what_a_client_tells_says_nothing_of_what_is_usual() -> None:
    model = new_model()
    model.learn(ONE, 10.0, observed=False)
    assert model.activities.total == model.hours.total == 0.0
    assert model.steps.total > 0


def test_a_model_has_bounds() -> None:
    model = new_model()
    for number in range(1, 2_000):
        model.learn(Step("channel.read", "channel", number), float(number), True)
    assert len(model.steps.weights) <= USER_STEPS
    assert len(model.after.tables) <= USER_CONTEXTS
