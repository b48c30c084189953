"""Answers that are sent after their view returned are inside its guards until they were sent."""

from __future__ import annotations

import gc
import io
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from flask import Flask, Response, send_file, stream_with_context
from flask.views import MethodView

from yoto.errors import Rejected
from yoto.resilience import (
    ResilienceController,
    bulkhead,
    circuit_breaker,
    degradable,
    guarded,
    rate_limit,
)

Decorator = Callable[[Callable[..., Any]], Callable[..., Any]]


@pytest.fixture(params=[bulkhead("thing"), guarded("thing")], ids=["bulkhead", "guarded"])
def decorate(request: pytest.FixtureRequest) -> Decorator:
    chosen: Decorator = request.param
    return chosen


def held(controller: ResilienceController) -> int:
    return controller.get_bulkhead_stats("thing").held


def numbers() -> Iterator[str]:
    yield "1"
    yield "2"


def a_response() -> Any:
    return Response(numbers())


def a_response_and_a_status() -> Any:
    return Response(numbers()), 201, {"X-Shape": "tuple"}


def items_and_a_status() -> Any:
    return numbers(), 202


def items() -> Any:
    return numbers()


def items_with_the_context() -> Any:
    return stream_with_context(numbers())


def a_generator() -> Iterator[str]:
    yield "1"
    yield "2"


SHAPES = [
    a_response,
    a_response_and_a_status,
    items_and_a_status,
    items,
    items_with_the_context,
    a_generator,
]


@pytest.mark.parametrize("view", SHAPES)
class TestShapes:
    def test_the_slot_is_held_until_the_body_was_sent(
        self,
        app: Flask,
        controller: ResilienceController,
        decorate: Decorator,
        view: Callable[[], Any],
    ) -> None:
        app.add_url_rule("/", view_func=decorate(view))
        with app.test_client() as client:
            answer = client.get("/", buffered=False)
            assert held(controller) == 1
            assert answer.get_data(as_text=True) == "12"
            answer.close()
            assert held(controller) == 0

    def test_a_reader_who_leaves_gives_the_slot_back(
        self,
        app: Flask,
        controller: ResilienceController,
        decorate: Decorator,
        view: Callable[[], Any],
    ) -> None:
        app.add_url_rule("/", view_func=decorate(view))
        with app.test_client() as client:
            answer = client.get("/", buffered=False)
            assert next(iter(answer.response)) == b"1"
            assert held(controller) == 1
            answer.close()
        assert held(controller) == 0

    def test_one_that_is_refused_is_refused_before_anything_is_sent(
        self,
        app: Flask,
        controller: ResilienceController,
        decorate: Decorator,
        view: Callable[[], Any],
    ) -> None:
        app.register_error_handler(Rejected, lambda error: ("refused", 503))
        controller.set_bulkhead_config("thing", max_concurrent=0)
        app.add_url_rule("/", view_func=decorate(view))
        answer = app.test_client().get("/")
        assert (answer.status_code, answer.text) == (503, "refused")

    def test_a_head_request_holds_nothing_afterwards(
        self,
        app: Flask,
        controller: ResilienceController,
        decorate: Decorator,
        view: Callable[[], Any],
    ) -> None:
        app.add_url_rule("/", view_func=decorate(view))
        with app.test_client().head("/"):
            pass
        assert held(controller) == 0


def test_status_and_headers_beside_the_body_stay(
    app: Flask, controller: ResilienceController, decorate: Decorator
) -> None:
    app.add_url_rule("/", view_func=decorate(a_response_and_a_status))
    with app.test_client().get("/") as answer:
        assert (answer.status_code, answer.headers["X-Shape"]) == (201, "tuple")


def test_a_view_class_streams_inside_its_guards(
    app: Flask, controller: ResilienceController, decorate: Decorator
) -> None:
    class View(MethodView):
        @decorate
        def get(self) -> Any:
            return numbers()

    app.add_url_rule("/", view_func=View.as_view("view"))
    with app.test_client() as client, client.get("/", buffered=False) as answer:
        assert held(controller) == 1
        assert answer.text == "12"
    assert held(controller) == 0


def test_a_file_is_sent_inside_its_guards(
    app: Flask, controller: ResilienceController, decorate: Decorator
) -> None:
    @app.get("/")
    @decorate
    def file() -> Any:
        return send_file(io.BytesIO(b"x" * 100_000), mimetype="text/plain")

    with app.test_client() as client, client.get("/", buffered=False) as answer:
        assert held(controller) == 1
        assert len(answer.data) == 100_000
    assert held(controller) == 0


def test_an_answer_that_is_complete_holds_nothing(
    app: Flask, controller: ResilienceController, decorate: Decorator
) -> None:
    @decorate
    def complete() -> Response:
        return Response("done")

    with app.test_request_context("/"):
        assert complete().get_data() == b"done"
        assert held(controller) == 0


def test_a_body_that_is_replaced_gives_the_slot_back(
    app: Flask, controller: ResilienceController, decorate: Decorator
) -> None:
    response = decorate(a_response)()
    assert held(controller) == 1
    response.data = b"something else"
    gc.collect()
    assert held(controller) == 0


def test_an_iterator_that_is_no_answer_is_left_as_it_is(
    app: Flask, controller: ResilienceController, decorate: Decorator
) -> None:
    made = numbers()
    with app.test_request_context("/"):
        assert decorate(lambda: made)() is made
    assert held(controller) == 0


class TestBreaker:
    def test_a_body_that_breaks_is_a_failure(
        self, app: Flask, controller: ResilienceController
    ) -> None:
        @app.get("/")
        @circuit_breaker("thing")
        def breaks() -> Any:
            def items() -> Iterator[str]:
                yield "1"
                raise ValueError("halfway")

            return Response(items())

        app.testing = True
        with app.test_client() as client, client.get("/", buffered=False) as answer:
            assert controller.get_circuit_breaker_state("thing").calls == 0
            with pytest.raises(ValueError, match="halfway"):
                list(answer.response)
        state = controller.get_circuit_breaker_state("thing")
        assert (state.calls, state.failures) == (1, 1)

    def test_a_reader_who_leaves_is_no_failure_and_no_success(
        self, app: Flask, controller: ResilienceController
    ) -> None:
        app.add_url_rule("/", view_func=circuit_breaker("thing")(a_response))
        with app.test_client() as client, client.get("/", buffered=False) as answer:
            next(iter(answer.response))
        assert controller.get_circuit_breaker_state("thing").calls == 0

    def test_the_response_is_what_the_predicate_judges(
        self, app: Flask, controller: ResilienceController
    ) -> None:
        def failed(response: Response) -> bool:
            return response.status_code == 502

        @app.get("/")
        @circuit_breaker("thing", failed_result=failed)
        def view() -> Any:
            return Response(numbers(), status=502)

        with app.test_client().get("/") as answer:
            assert (answer.status_code, answer.text) == (502, "12")
        assert controller.get_circuit_breaker_state("thing").failures == 1

    def test_an_open_one_answers_a_generator_view_by_its_fallback(
        self, app: Flask, controller: ResilienceController
    ) -> None:
        controller.circuit_breaker("thing").force_open("test", ttl=60)
        view = circuit_breaker("thing", fallback=lambda: "instead")(a_generator)
        app.add_url_rule("/", view_func=view)
        assert app.test_client().get("/").text == "instead"


def test_several_guards_of_one_answer_all_hold(
    app: Flask, controller: ResilienceController
) -> None:
    view = degradable("thing")(rate_limit("thing")(bulkhead("thing")(a_response)))
    app.add_url_rule("/", view_func=view)
    with app.test_client() as client, client.get("/", buffered=False) as answer:
        assert held(controller) == 1
        assert answer.text == "12"
    assert held(controller) == 0


@pytest.mark.parametrize("view", SHAPES[:-1])
def test_an_answer_that_can_be_sent_only_once_is_no_last_good_value(
    app: Flask, controller: ResilienceController, view: Callable[[], Any]
) -> None:
    degraded = degradable("thing", static="instead", cache_key=lambda: "k")(view)
    app.add_url_rule("/", view_func=degraded)
    assert app.test_client().get("/").text == "12"
    controller.set_degradation_config("thing", level="light")
    assert app.test_client().get("/").text == "instead"
