"""Levels of features: who may raise one, whose level wins, and until when."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.support.waiting import wait_until
from yoto.errors import ConfigurationError, ValidationFailed
from yoto.events import DegradationChanged
from yoto.resilience import EVERY_FEATURE, DegradationConfig, DegradationLevel, ResilienceController

NewController = Callable[[], ResilienceController]


def level(controller: ResilienceController, name: str = "thing") -> str:
    return controller.degradation.level(name).value


def commands(controller: ResilienceController) -> int:
    """How many commands the server has run."""
    return int(controller.runtime.redis.client.info("stats")["total_commands_processed"])


def told(controller: ResilienceController) -> list[DegradationChanged]:
    events = controller.runtime.events.read()
    return [s.event for s in events if isinstance(s.event, DegradationChanged)]


def test_nothing_is_degraded_by_itself(controller: ResilienceController) -> None:
    assert level(controller) == "none"


def test_an_alert_raises_the_level_of_every_feature_on_every_process(
    new_controller: NewController,
) -> None:
    here, there = new_controller(), new_controller()
    assert level(there) == "none"
    assert here.degradation.raise_level("alert:errors", "medium", ttl=60, reason="5 % errors")
    assert level(here) == "medium"
    wait_until(lambda: level(there) == "medium")
    here.degradation.clear_level("alert:errors")
    wait_until(lambda: level(there) == "none")


def test_the_highest_of_the_active_sources_counts(controller: ResilienceController) -> None:
    degradation = controller.degradation
    degradation.raise_level("a", "light", ttl=60)
    degradation.raise_level("b", "heavy", ttl=60)
    degradation.raise_level("c", "medium", ttl=60, feature="thing")
    assert level(controller) == "heavy"
    degradation.clear_level("b")
    assert (level(controller), level(controller, "other")) == ("medium", "light")
    status = degradation.status("thing")
    assert {name: one.value for name, one in status.sources.items()} == {
        "a": "light",
        "c": "medium",
    }


def test_a_level_ends_with_its_time_unless_it_is_renewed(controller: ResilienceController) -> None:
    degradation = controller.degradation
    degradation.raise_level("renewed", "light", ttl=2)
    degradation.raise_level("forgotten", "heavy", ttl=2)
    degradation.raise_level("renewed", "light", ttl=60)
    assert level(controller) == "heavy"
    wait_until(lambda: level(controller) == "light")


def test_each_change_of_a_source_is_one_event_also_its_end(
    new_controller: NewController,
) -> None:
    controller, another = new_controller(), new_controller()
    degradation = controller.degradation
    degradation.raise_level("a", "light", ttl=60, reason="slow")
    degradation.raise_level("a", "light", ttl=60)
    degradation.raise_level("a", "medium", ttl=0.1)

    def ended() -> bool:
        # This process's clock may be ahead of the server's, which says when a level is over.
        controller.degradation.board.refresh()
        return len(told(controller)) == 3

    wait_until(ended)
    for one in (another, controller):
        one.degradation.board.refresh()
    assert [(e.old, e.new, e.reason) for e in told(controller)] == [
        ("none", "light", "slow"),
        ("light", "medium", ""),
        ("medium", "none", "expired"),
    ]


def test_an_operators_level_wins_in_both_directions(controller: ResilienceController) -> None:
    controller.degradation.raise_level("alert", "medium", ttl=60)
    controller.set_degradation_config("thing", level="none")
    # A look at the board that began before may end after, and be right again with the next.
    wait_until(lambda: (level(controller), level(controller, "other")) == ("none", "medium"))
    controller.set_degradation_config("thing", level="heavy")
    assert level(controller) == "heavy"
    assert controller.degradation.status("thing").sources == {"operator": DegradationLevel.HEAVY}


def test_an_operators_level_for_all_features_yields_to_one_for_a_feature(
    controller: ResilienceController,
) -> None:
    controller.set_degradation_config(EVERY_FEATURE, level="light")
    controller.set_degradation_config("thing", level="heavy")
    assert (level(controller), level(controller, "other")) == ("heavy", "light")


def test_an_operators_level_may_end_by_itself(controller: ResilienceController) -> None:
    controller.set_degradation_config("thing", level="heavy", expires_in=2)
    assert level(controller) == "heavy"
    wait_until(lambda: level(controller) == "none")


def test_a_feature_may_answer_to_an_alert_in_its_own_way(controller: ResilienceController) -> None:
    controller.define("thing", degradation=DegradationConfig(alert="disk", on_alert="heavy"))
    controller.degradation.raise_level("disk", "none", ttl=60)
    assert (level(controller), level(controller, "other")) == ("heavy", "none")


def test_an_open_breaker_degrades_the_features_that_lean_on_it(
    new_controller: NewController,
) -> None:
    here, there = new_controller(), new_controller()
    config = DegradationConfig(breaker="db", on_breaker_open="medium")
    for controller in (here, there):
        controller.define("thing", degradation=config)
        controller.define("db", degradation=DegradationConfig(on_breaker_open="light"))
        assert level(controller) == level(controller, "db") == "none"
    here.circuit_breaker("db").force_open("test", ttl=60)
    for controller in (here, there):
        wait_until(lambda: level(controller) == "medium")
        assert level(controller, "db") == "light" and level(controller, "other") == "none"
    here.circuit_breaker("db").reset()
    for controller in (here, there):
        wait_until(lambda: level(controller) == "none")


def test_a_breaker_that_was_open_before_the_process_began_degrades_too(
    new_controller: NewController,
) -> None:
    new_controller().circuit_breaker("db").force_open("test", ttl=60)
    late = new_controller()
    late.define("thing", degradation=DegradationConfig(breaker="db", on_breaker_open="medium"))
    wait_until(lambda: level(late) == "medium")


def test_a_feature_is_tried_again_when_its_breaker_lets_a_probe_through(
    controller: ResilienceController,
) -> None:
    controller.set_circuit_breaker_config("db", consecutive_failures=1, recovery_timeout=0.3)
    controller.define("thing", degradation=DegradationConfig(breaker="db", on_breaker_open="heavy"))
    assert level(controller) == "none"
    with pytest.raises(ZeroDivisionError):
        controller.circuit_breaker("db").call(lambda: 1 / 0)
    wait_until(lambda: level(controller) == "heavy")
    # Nobody calls through the breaker, so its state stays open; the feature must not.
    wait_until(lambda: level(controller) == "none")
    assert controller.get_circuit_breaker_state("db").state == "open"


@pytest.mark.parametrize(
    ("arguments", "field"),
    [
        (("", "light", 5), "source"),
        (("x" * 201, "light", 5), "source"),
        (("a", "purple", 5), "level"),
        (("a", "light", -1), "ttl"),
        (("a", "light", 1e9), "ttl"),
        (("a", "light", "soon"), "ttl"),
        (("a", "light", 5, 7), "feature"),
    ],
)
def test_a_bad_level_is_refused_by_name(
    controller: ResilienceController, arguments: tuple[Any, ...], field: str
) -> None:
    with pytest.raises(ValidationFailed) as refused:
        controller.degradation.raise_level(*arguments)
    assert field in refused.value.errors


def test_sources_are_bounded(
    controller: ResilienceController, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("yoto.resilience.degradation.board.MOST_SOURCES", 2)
    degradation = controller.degradation
    for source in ("a", "b", "a"):
        degradation.raise_level(source, "light", ttl=60)
    with pytest.raises(ValidationFailed, match="more than 2 sources"):
        degradation.raise_level("c", "light", ttl=60)


def test_a_fallback_name_belongs_to_one_function(controller: ResilienceController) -> None:
    def one() -> None:
        """One."""

    controller.register_fallback("name", one)
    controller.register_fallback("name", one)
    with pytest.raises(ConfigurationError):
        controller.register_fallback("name", lambda: None)
    assert controller.degradation.fallbacks.names() == ["name"]


def test_asking_for_a_level_is_no_round_trip(controller: ResilienceController) -> None:
    controller.degradation.raise_level("a", "light", ttl=60)
    before = commands(controller)
    for _ in range(1_000):
        level(controller)
    assert commands(controller) - before < 500, "the threads in the background ask seldom"
