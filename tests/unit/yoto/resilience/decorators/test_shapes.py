"""Guards leave what they decorate as it was: signatures, results, exceptions, generators."""

from __future__ import annotations

import contextlib
import functools
import inspect
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from yoto.errors import BulkheadFull, CircuitOpen
from yoto.resilience import (
    ResilienceController,
    bulkhead,
    circuit_breaker,
    degradable,
    guarded,
    rate_limit,
)

Decorator = Callable[[Callable[..., Any]], Callable[..., Any]]
EACH: list[Any] = [
    pytest.param(circuit_breaker("thing"), id="circuit_breaker"),
    pytest.param(rate_limit("thing"), id="rate_limit"),
    pytest.param(bulkhead("thing"), id="bulkhead"),
    pytest.param(guarded("thing"), id="guarded"),
    pytest.param(degradable("thing"), id="degradable"),
]


def held(controller: ResilienceController) -> int:
    return controller.get_bulkhead_stats("thing").held


class Boom(BaseException):
    """Ends a greenlet, as GreenletExit does; no ``Exception``."""


@pytest.mark.parametrize("decorate", EACH)
class TestEach:
    def test_results_arguments_and_signature_are_kept(
        self, controller: ResilienceController, decorate: Decorator
    ) -> None:
        @decorate
        def add(a: int, b: int = 2, *rest: int, c: int, **more: int) -> int:
            """Adds."""
            return a + b + c + sum(rest) + sum(more.values())

        assert add(1, 2, 3, c=4, d=5) == 15
        assert add.__doc__ == "Adds." and add.__name__ == "add"
        assert list(inspect.signature(add).parameters) == ["a", "b", "rest", "c", "more"]

    def test_the_functions_own_exception_comes_through(
        self, controller: ResilienceController, decorate: Decorator
    ) -> None:
        error = ValueError("mine")

        @decorate
        def fails() -> None:
            raise error

        with pytest.raises(ValueError) as raised:
            fails()
        assert raised.value is error

    def test_methods_of_every_kind_can_be_decorated(
        self, controller: ResilienceController, decorate: Decorator
    ) -> None:
        class Thing:
            @decorate
            def plain(self) -> str:
                return type(self).__name__

            @classmethod
            @decorate
            def of_class(cls) -> str:
                return cls.__name__

            @decorate
            @classmethod
            def turned_round(cls) -> str:
                return cls.__name__

            @decorate
            @staticmethod
            def static() -> str:
                return "static"

        thing = Thing()
        assert thing.plain() == thing.of_class() == Thing.turned_round() == "Thing"
        assert Thing.static() == "static"

    def test_a_generator_gives_and_takes_what_it_did(
        self, controller: ResilienceController, decorate: Decorator
    ) -> None:
        @decorate
        def talk(start: int) -> Iterator[Any]:
            got = yield start
            try:
                got = yield got
            except KeyError:
                got = yield "caught"
            return got

        generator = talk(1)
        assert inspect.isgenerator(generator)
        assert next(generator) == 1
        assert generator.send("x") == "x"  # type: ignore[attr-defined]
        assert generator.throw(KeyError) == "caught"  # type: ignore[attr-defined]
        with pytest.raises(StopIteration) as end:
            generator.send("last")  # type: ignore[attr-defined]
        assert end.value.value == "last"

    def test_a_context_manager_gives_handles_and_hides_what_it_did(
        self, controller: ResilienceController, decorate: Decorator
    ) -> None:
        steps: list[str] = []

        @decorate
        @contextlib.contextmanager
        def scope(name: str) -> Iterator[str]:
            steps.append("in")
            try:
                yield name
            except KeyError:
                steps.append("hidden")
            finally:
                steps.append("out")

        with scope("a") as value:
            assert value == "a"
        with scope("b"):
            raise KeyError
        with pytest.raises(ValueError), scope("c"):
            raise ValueError
        assert steps == ["in", "out", "in", "hidden", "out", "in", "out"]
        assert list(inspect.signature(scope).parameters) == ["name"]

        @scope("as a decorator")
        def inside() -> str:
            return "ran"

        assert inside() == inside() == "ran"

    def test_a_class_or_what_cannot_be_called_is_refused_at_once(
        self, controller: ResilienceController, decorate: Decorator
    ) -> None:
        class Thing:
            pass

        for wrong in (Thing, 5):
            with pytest.raises(TypeError):
                decorate(wrong)  # type: ignore[arg-type]

    def test_without_an_application_it_says_so(self, decorate: Decorator) -> None:
        with pytest.raises(RuntimeError, match="app.app_context"):
            decorate(lambda: None)()


@pytest.mark.parametrize("decorate", [bulkhead("thing"), guarded("thing")])
class TestSlots:
    def test_a_generator_holds_its_slot_from_the_first_item_to_the_end(
        self, controller: ResilienceController, decorate: Decorator
    ) -> None:
        @decorate
        def numbers() -> Iterator[int]:
            yield 1
            yield 2

        generator = numbers()
        assert held(controller) == 0
        next(generator)
        assert held(controller) == 1
        assert list(generator) == [2] and held(controller) == 0

    def test_a_generator_that_is_given_up_gives_its_slot_back(
        self, controller: ResilienceController, decorate: Decorator
    ) -> None:
        @decorate
        def numbers() -> Iterator[int]:
            yield 1
            yield 2

        generator = numbers()
        next(generator)
        generator.close()  # type: ignore[attr-defined]
        assert held(controller) == 0

    def test_a_context_manager_holds_its_slot_while_it_is_entered(
        self, controller: ResilienceController, decorate: Decorator
    ) -> None:
        @decorate
        @contextlib.contextmanager
        def scope() -> Iterator[None]:
            assert held(controller) == 1
            yield
            assert held(controller) == 1

        made = scope()
        assert held(controller) == 0
        with made:
            assert held(controller) == 1
        assert held(controller) == 0

    def test_a_context_manager_made_of_a_decorated_generator_does_too(
        self, controller: ResilienceController, decorate: Decorator
    ) -> None:
        @contextlib.contextmanager
        @decorate
        def scope() -> Iterator[None]:
            yield

        with scope():
            assert held(controller) == 1
        assert held(controller) == 0

    @pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt, SystemExit, Boom])
    def test_every_way_out_gives_the_slot_back(
        self,
        controller: ResilienceController,
        decorate: Decorator,
        error: type[BaseException],
    ) -> None:
        @decorate
        def leaves() -> None:
            raise error

        @decorate
        @contextlib.contextmanager
        def scope() -> Iterator[None]:
            raise error
            yield

        with pytest.raises(error):
            leaves()
        with pytest.raises(error), scope():
            raise AssertionError("never entered")
        assert held(controller) == 0


@pytest.mark.parametrize("decorate", [circuit_breaker("thing"), guarded("thing")])
@pytest.mark.parametrize("error", [KeyboardInterrupt, SystemExit, Boom, GeneratorExit])
def test_what_ends_the_caller_is_no_failure(
    controller: ResilienceController, decorate: Decorator, error: type[BaseException]
) -> None:
    @decorate
    def leaves() -> None:
        raise error

    for _ in range(10):
        with pytest.raises(error):
            leaves()
    state = controller.get_circuit_breaker_state("thing")
    assert (state.state, state.failures) == ("closed", 0)


def test_a_refused_generator_refuses_at_its_first_item(controller: ResilienceController) -> None:
    controller.set_bulkhead_config("thing", max_concurrent=0)

    @bulkhead("thing")
    def numbers() -> Iterator[int]:
        yield 1

    generator = numbers()
    with pytest.raises(BulkheadFull):
        next(generator)


def test_an_open_breaker_answers_by_its_fallback_in_every_shape(
    controller: ResilienceController,
) -> None:
    controller.circuit_breaker("thing").force_open("test", ttl=60)

    @circuit_breaker("thing", fallback=lambda a, b=0: ("instead", a, b))
    def function(a: int, b: int = 0) -> Any:
        raise AssertionError("never runs")

    @circuit_breaker("thing", fallback=lambda: iter([7, 8]))
    def generator() -> Iterator[int]:
        yield 1

    @circuit_breaker("thing", fallback=lambda: contextlib.nullcontext("instead"))
    @contextlib.contextmanager
    def scope() -> Iterator[str]:
        yield "primary"

    assert function(1, b=2) == ("instead", 1, 2)
    assert list(generator()) == [7, 8]
    with scope() as value:
        assert value == "instead"


def test_without_a_fallback_an_open_breaker_is_an_error_that_says_when_to_retry(
    controller: ResilienceController,
) -> None:
    controller.circuit_breaker("thing").force_open("test", ttl=60)
    with pytest.raises(CircuitOpen) as refused:
        circuit_breaker("thing")(lambda: None)()
    assert 0 < refused.value.retry_after <= 60


def test_marks_that_others_set_between_two_guards_stay(controller: ResilienceController) -> None:
    def mark(fn: Any) -> Any:
        fn.marked = "yes"
        return fn

    @rate_limit("thing")
    @mark
    @bulkhead("thing")
    def view() -> str:
        return "ran"

    assert view.marked == "yes" and view() == "ran"  # type: ignore[attr-defined]


def test_a_wrapper_of_somebody_else_between_two_guards_still_runs(
    controller: ResilienceController,
) -> None:
    def shout(fn: Callable[[], str]) -> Callable[[], str]:
        @functools.wraps(fn)
        def wrapper() -> str:
            return fn().upper()

        return wrapper

    @rate_limit("thing")
    @shout
    @bulkhead("thing")
    def view() -> str:
        assert held(controller) == 1
        return "ran"

    assert view() == "RAN"
