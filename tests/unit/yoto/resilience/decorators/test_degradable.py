"""A degradable feature: itself, then its last good value, then a fallback, then a constant."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any

import pytest
from werkzeug.exceptions import NotFound

from yoto.errors import (
    BulkheadFull,
    ConfigurationError,
    Degraded,
    PermissionDenied,
    RateLimited,
    ValidationFailed,
)
from yoto.resilience import ResilienceController, bulkhead, degradable, rate_limit


def degrade(controller: ResilienceController, level: str = "medium") -> None:
    controller.set_degradation_config("thing", level=level)


def never() -> Any:
    raise AssertionError("the function must not run")


def test_while_nothing_is_degraded_the_function_answers(controller: ResilienceController) -> None:
    assert degradable("thing", fallback=lambda: "instead")(lambda: "itself")() == "itself"


def test_a_degraded_feature_does_not_run(controller: ResilienceController) -> None:
    degrade(controller)
    assert degradable("thing", fallback=lambda: "instead")(never)() == "instead"


def test_a_fallback_gets_the_arguments(controller: ResilienceController) -> None:
    degrade(controller)

    @degradable("thing", fallback=lambda a, b=0: (a, b))
    def thing(a: int, b: int = 0) -> Any:
        never()

    assert thing(1, b=2) == (1, 2)


def test_without_anything_to_answer_it_says_how_far_it_is_degraded(
    controller: ResilienceController,
) -> None:
    degrade(controller, "heavy")
    with pytest.raises(Degraded) as raised:
        degradable("thing")(never)()
    assert (raised.value.name, raised.value.level) == ("thing", "heavy")


def test_none_is_an_answer_like_any_other(controller: ResilienceController) -> None:
    degrade(controller)
    assert degradable("thing", static=None)(never)() is None
    assert degradable("thing", fallback=lambda: None, static=5)(never)() is None


def test_the_chain_is_last_good_value_then_fallback_then_constant(
    controller: ResilienceController,
) -> None:
    answers: list[Any] = ["good"]

    def thing(key: str) -> Any:
        if not answers:
            raise OSError("gone")
        return answers.pop()

    chain = degradable("thing", fallback=lambda key: "fallback", cache_key=lambda key: key)(thing)
    constant = degradable("other", static="constant")(thing)
    assert chain("a") == "good"
    assert chain("a") == "good"
    assert chain("b") == "fallback"
    assert constant("a") == "constant"


def test_a_last_good_value_serves_a_degraded_feature_too(controller: ResilienceController) -> None:
    thing = degradable("thing", cache_key=lambda key: key)(lambda key: f"good {key}")
    assert thing("a") == "good a"
    degrade(controller)
    assert thing("a") == "good a"
    with pytest.raises(Degraded):
        thing("b")


def test_a_last_good_value_that_is_too_old_is_none(controller: ResilienceController) -> None:
    thing = degradable("thing", cache_key=lambda: "k", keep=0.0)(lambda: "good")
    assert thing() == "good"
    degrade(controller)
    with pytest.raises(Degraded):
        thing()


def test_without_a_cache_key_no_value_is_kept(controller: ResilienceController) -> None:
    thing = degradable("thing")(lambda user: f"for {user}")
    assert thing("ada") == "for ada"
    degrade(controller)
    with pytest.raises(Degraded):
        thing("bob")


def test_a_fallbacks_own_exception_is_seen_with_what_led_to_it(
    controller: ResilienceController,
) -> None:
    def fallback() -> Any:
        raise KeyError("in the fallback")

    def fails() -> Any:
        raise OSError("first")

    with pytest.raises(KeyError) as raised:
        degradable("thing", fallback=fallback, static=5)(fails)()
    assert isinstance(raised.value.__context__, OSError)


def test_an_exception_comes_through_when_nothing_answers(controller: ResilienceController) -> None:
    def fails() -> Any:
        raise OSError("first")

    with pytest.raises(OSError, match="first"):
        degradable("thing")(fails)()


@pytest.mark.parametrize(
    "error",
    [
        NotFound(),
        ValidationFailed({"a": "b"}),
        PermissionDenied("no"),
        RateLimited(1, 0, 1.0, 1.0),
        KeyboardInterrupt(),
    ],
)
def test_what_is_the_callers_business_comes_through(
    controller: ResilienceController, error: BaseException
) -> None:
    def fails() -> Any:
        raise error

    with pytest.raises(type(error)):
        degradable("thing", static="instead")(fails)()


def test_only_the_named_exceptions_lead_to_something_else(controller: ResilienceController) -> None:
    @degradable("thing", static="instead", on=(OSError,))
    def fails(error: Exception) -> Any:
        raise error

    assert fails(OSError()) == "instead"
    with pytest.raises(KeyError):
        fails(KeyError())


def test_a_refusal_of_another_guard_is_answered_but_a_used_up_limit_is_not(
    controller: ResilienceController,
) -> None:
    controller.set_bulkhead_config("thing", max_concurrent=0)
    controller.set_rate_limit_config("thing", limit=0)
    assert degradable("thing", static="instead")(bulkhead("thing")(never))() == "instead"
    with pytest.raises(BulkheadFull):
        bulkhead("thing")(never)()
    with pytest.raises(RateLimited):
        degradable("thing", static="instead")(rate_limit("thing")(never))()


def test_an_operator_chooses_the_fallback_of_a_level_by_name(
    controller: ResilienceController,
) -> None:
    controller.register_fallback("shorter", lambda: "shorter")
    controller.register_fallback("empty", lambda: "empty")
    thing = degradable("thing", fallback="empty")(never)
    controller.set_degradation_config("thing", level="light", fallback_medium="shorter")
    assert thing() == "empty"
    degrade(controller, "heavy")
    assert thing() == "shorter"


def test_a_fallback_name_that_nobody_registered_is_said(
    controller: ResilienceController, caplog: pytest.LogCaptureFixture
) -> None:
    controller.set_degradation_config("thing", level="light", fallback_light="missing")
    assert degradable("thing", fallback=lambda: "code's own")(never)() == "code's own"
    assert "missing" in caplog.text


def test_a_generator_and_a_context_manager_are_answered_at_their_start(
    controller: ResilienceController,
) -> None:
    degrade(controller)

    @degradable("thing", fallback=lambda: iter([7, 8]))
    def generator() -> Iterator[int]:
        yield 1

    @degradable("thing", fallback=lambda: contextlib.nullcontext("instead"))
    @contextlib.contextmanager
    def scope() -> Iterator[str]:
        yield "itself"

    assert list(generator()) == [7, 8]
    with scope() as value:
        assert value == "instead"


def test_a_generator_that_is_refused_is_answered_and_one_that_fails_later_is_not(
    controller: ResilienceController,
) -> None:
    @degradable("thing", fallback=lambda fails: iter([7]))
    @bulkhead("thing")
    def generator(fails: bool) -> Iterator[int]:
        yield 1
        if fails:
            raise OSError("in the middle")

    assert list(generator(False)) == [1]
    with pytest.raises(OSError):
        list(generator(True))
    controller.set_bulkhead_config("thing", max_concurrent=0)
    assert list(generator(False)) == [7]


def test_one_function_is_one_feature() -> None:
    with pytest.raises(ConfigurationError, match="thing"):
        degradable("other")(degradable("thing")(lambda: None))
