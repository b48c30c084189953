"""What counts as a step, where a session ends, and in which hours somebody is there."""

from __future__ import annotations

from yoto.rooms.prefetch.learning import Context, UserModel
from yoto.rooms.prefetch.learning.models import NOTHING, SESSION_GAP, USER_CONTEXTS, USER_STEPS
from yoto.rooms.prefetch.steps import Step

DAY = 24 * 3600.0
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
