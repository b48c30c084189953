"""Limits of some calls: by method, predicate, answer, cost, and by the plan of the caller."""

from __future__ import annotations

import logging
import threading
from typing import Any

import pytest
from flask import Flask, abort, request
from flask.views import MethodView, View

from yoto.errors import CircuitOpen, ConfigurationError, RateLimited
from yoto.resilience import (
    Kind,
    RateLimitConfig,
    ResilienceController,
    circuit_breaker,
    guarded,
    rate_limit,
)


def left(controller: ResilienceController, name: str, key: str = "k") -> int:
    return controller.get_rate_limit_status(name, key).remaining


def statuses(app: Flask, *asked: str) -> list[int]:
    """The statuses of requests such as ``POST /``."""
    app.register_error_handler(RateLimited, lambda error: (str(error), 429))
    client = app.test_client()
    return [
        client.open(path, method=method).status_code
        for method, _, path in (one.partition(" ") for one in asked)
    ]


def test_requests_of_other_methods_are_not_counted(
    app: Flask, controller: ResilienceController
) -> None:
    view = rate_limit("chosen.methods", "k", methods=["get"], limit=2, window=600)(lambda: "ran")
    app.add_url_rule("/", view_func=view, methods=["GET", "POST"])
    asked = ["GET /", "POST /", "POST /", "HEAD /", "POST /", "GET /"]
    assert statuses(app, *asked) == [200, 200, 200, 200, 200, 429]
    with pytest.raises(RateLimited):  # outside of a request there is no method to leave out
        view()


def test_calls_that_a_predicate_names_are_not_counted(controller: ResilienceController) -> None:
    by_argument = rate_limit("chosen.unless", "k", unless=lambda who: who == "staff", limit=2)
    by_all = rate_limit("chosen.unless", "k", unless=lambda: False)
    call = by_argument(by_all(lambda who: who))
    assert [call("staff"), call("staff"), left(controller, "chosen.unless")] == ["staff"] * 2 + [0]
    with pytest.raises(RateLimited):
        call("guest")


def test_a_call_that_costs_nothing_is_not_counted(controller: ResilienceController) -> None:
    call = rate_limit("chosen.cost", "k", cost=lambda units: units, limit=2, window=600)(
        lambda units: units
    )
    assert [call(0), call(2), call(0)] == [0, 2, 0]
    with pytest.raises(RateLimited):
        call(1)
    controller.set_rate_limit_config("chosen.guard", limit=1)
    both = guarded("chosen.guard", "k", cost=lambda units: units)(lambda units: units)
    assert [both(0), both(1), both(0)] == [0, 1, 0]
    controller.circuit_breaker("chosen.guard").force_open("a test", 60)
    with pytest.raises(CircuitOpen):
        both(0)


class TestCountWhen:
    """``count_when``."""

    def test_only_failed_sign_ins_count(self, app: Flask, controller: ResilienceController) -> None:
        @app.post("/sign-in")
        @rate_limit(
            "chosen.failed", "k", count_when=lambda answer: answer.status_code == 401, limit=2
        )
        def sign_in() -> str:
            if request.args["password"] == "wrong":
                abort(401)
            return "welcome"

        right, wrong = "POST /sign-in?password=right", "POST /sign-in?password=wrong"
        asked = [right, right, right, wrong, right, wrong, right, wrong]
        assert statuses(app, *asked) == [200, 200, 200, 401, 200, 401, 429, 429]

    def test_elsewhere_the_value_says_it_and_an_exception_counts(
        self, controller: ResilienceController
    ) -> None:
        def verify(password: str) -> bool:
            if not password:
                raise ValueError("no password")
            return password == "right"

        decorate = rate_limit("chosen.value", "k", count_when=lambda right: not right, limit=9)
        counted = decorate(verify)
        assert [counted("right"), counted("wrong")] == [True, False]
        assert left(controller, "chosen.value") == 8
        with pytest.raises(ValueError, match="no password"):
            counted("")
        assert left(controller, "chosen.value") == 7

    def test_what_a_view_class_answers_says_it_however_it_is_decorated(
        self, app: Flask, controller: ResilienceController
    ) -> None:
        def failed(name: str) -> Any:
            return rate_limit(name, "k", count_when=lambda answer: answer.status_code == 401)

        class Method(MethodView):
            @failed("chosen.get")
            def get(self) -> str:
                return "welcome"

        class Dispatched(View):
            @failed("chosen.dispatched")
            def dispatch_request(self) -> str:
                return "welcome"

        class Listed(Method):
            decorators = [failed("chosen.listed")]

        for view in (Method, Dispatched, Listed):
            app.add_url_rule(f"/{view.__name__}", view_func=view.as_view(view.__name__))
        asked = [
            f"{method} /{name}"
            for name in ("Method", "Dispatched", "Listed")
            for method in ("GET", "HEAD")
        ]
        assert statuses(app, *asked) == [200] * 6
        for name in ("chosen.get", "chosen.dispatched", "chosen.listed"):
            assert left(controller, name) == 60, name

    def test_no_more_run_at_once_than_are_left(self, controller: ResilienceController) -> None:
        running, go_on = threading.Event(), threading.Event()

        def slow() -> str:
            running.set()
            assert go_on.wait(10)
            return "ran"

        call = rate_limit("chosen.once", "k", count_when=lambda _: False, limit=1)(slow)
        app = controller_app(controller)
        thread = threading.Thread(target=lambda: in_context(app, call))
        thread.start()
        assert running.wait(10)
        with pytest.raises(RateLimited):
            call()
        go_on.set()
        thread.join(10)
        assert call() == "ran"

    def test_who_cannot_tell_changes_nothing_of_the_answer(
        self, app: Flask, controller: ResilienceController, caplog: pytest.LogCaptureFixture
    ) -> None:
        view = rate_limit("chosen.broken", "k", count_when=lambda one: one.colour, limit=5)(
            lambda: "ran"
        )
        app.add_url_rule("/", view_func=view)
        assert statuses(app, "GET /") == [200]
        assert left(controller, "chosen.broken") == 4
        assert "a call counts, because nobody could tell" in caplog.text

    def test_what_another_guard_refused_comes_back_once(
        self, app: Flask, controller: ResilienceController
    ) -> None:
        limited = rate_limit("chosen.twice", "k", count_when=lambda _: False, limit=5, window=600)
        view = circuit_breaker("chosen.twice")(limited(lambda: "ran"))
        app.add_url_rule("/", view_func=rate_limit("chosen.none", "k", limit=0)(view))
        controller.rate_limiter("chosen.twice").hit("k", 3)
        assert statuses(app, "GET /") == [429]
        assert left(controller, "chosen.twice") == 2


def controller_app(controller: ResilienceController) -> Flask:
    from flask import current_app

    app: Flask = current_app._get_current_object()  # type: ignore[attr-defined]
    return app


def in_context(app: Flask, call: Any) -> None:
    with app.app_context():
        call()


class TestPlans:
    """``plans``."""

    def test_each_has_its_own_numbers_which_operators_change(
        self, controller: ResilienceController
    ) -> None:
        call = rate_limit(
            "chosen.plans",
            "k",
            plans={
                "free": "1/hour; 5/30days",
                "pro": {"limit": 3},
                "own": RateLimitConfig(limit=9),
            },
            plan=lambda plan: plan,
            algorithm="fixed_window",
        )(lambda plan: plan)
        assert [call("free"), *[call("pro") for _ in range(3)], call("own")]
        for plan in ("free", "pro"):
            with pytest.raises(RateLimited) as refused:
                call(plan)
            assert refused.value.name == f"chosen.plans.{plan}"
        free = controller.get_rate_limit_config("chosen.plans.free")
        assert (free.algorithm, free.limit, free.also) == ("fixed_window", 1, "5/30days")
        assert "chosen.plans.pro" in controller.known_names(Kind.RATE_LIMIT)
        controller.set_rate_limit_config("chosen.plans.free", limit=2)
        assert call("free") == "free"

    @pytest.mark.parametrize(
        "shared", [{"limit": 7, "window": 9.0, "also": "9/day"}, {"limits": "7/9 seconds; 9/day"}]
    )
    def test_what_a_plan_leaves_out_is_said_for_all(
        self, controller: ResilienceController, shared: dict[str, Any]
    ) -> None:
        plans = {"free": "1/hour", "pro": {"limit": 3}}
        rate_limit("chosen.shared", plans=plans, plan=str, burst=5, **shared)
        free, pro = (
            controller.get_rate_limit_config(f"chosen.shared.{plan}") for plan in ("free", "pro")
        )
        assert (free.limit, free.window, free.also, free.burst) == (1, 3600.0, "", 5)
        assert (pro.limit, pro.window, pro.also, pro.burst) == (3, 9.0, "9/day", 5)

    @pytest.mark.parametrize("plan", ["gold", None, ["pro"]])
    def test_one_that_nobody_declared_is_refused_and_logged_once(
        self, controller: ResilienceController, caplog: pytest.LogCaptureFixture, plan: Any
    ) -> None:
        call = rate_limit("chosen.closed", "k", plans={"pro": "9/hour"}, plan=lambda: plan)(
            lambda: "ran"
        )
        for _ in range(2):
            with pytest.raises(RateLimited) as refused:
                call()
        assert (refused.value.limit, refused.value.dimension) == (0, "plan")
        told = [one for one in caplog.records if one.levelno == logging.ERROR]
        assert [one.getMessage() for one in told] == [
            f"the rate limit 'chosen.closed' has no plan {plan!r}: the call is refused"
        ]

    @pytest.mark.parametrize(
        "options", [{"plans": {"a": "1/hour"}}, {"plan": str}, {"plans": {}, "plan": str}]
    )
    def test_a_half_is_an_error(self, options: Any) -> None:
        with pytest.raises(ConfigurationError, match="'plans' and 'plan' go together"):
            rate_limit("chosen.half", **options)
