"""RateLimit headers: what they say, and that they are structured fields."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
from flask import Flask, Response
from hypothesis import given
from hypothesis import strategies as st

from yoto.errors import RateLimited
from yoto.resilience import (
    MultiDimensionalKey,
    ResilienceController,
    guarded,
    noted_limits,
    rate_limit,
    rate_limit_headers,
)
from yoto.resilience.headers import NotedLimit
from yoto.resilience.limiter import DimensionStatus
from yoto.resilience.limiter.lease import Lease, LeaseView
from yoto.resilience.limiter.remote import Lent

NOTHING: Any = None

# One item of a structured-field list: a string with integer parameters (RFC 9651).
ITEM = re.compile(r'"(?:[ !#-\[\]-~]|\\["\\])*"(?:;[a-z]=\d+)+')


def status(name: str = "user", **numbers: float) -> DimensionStatus:
    standard = {"limit": 100, "window": 60.0, "remaining": 42, "reset_after": 16.2}
    values = {**standard, "retry_after": 0.0, "step": 5.0, **numbers}
    return DimensionStatus(name=name, **values)  # type: ignore[arg-type]


def test_a_limit_is_said_as_the_draft_says_it() -> None:
    assert rate_limit_headers([NotedLimit("message.send", (status(),))]) == {
        "RateLimit-Policy": '"user";q=100;w=60',
        "RateLimit": '"user";r=42;t=2',
    }


def test_a_refusal_says_the_moment_that_retry_after_says() -> None:
    refused = NotedLimit("send", (status(remaining=0, reset_after=60.0, retry_after=0.3),))
    assert rate_limit_headers([refused])["RateLimit"] == '"user";r=0;t=1'


def test_where_nobody_knows_when_more_is_free_nothing_is_said() -> None:
    sliding = NotedLimit("send", (status(step=None),))
    assert rate_limit_headers([sliding])["RateLimit"] == '"user";r=42'
    assert rate_limit_headers([NotedLimit("send", (status(reset_after=0.0),))]) == {
        "RateLimit-Policy": '"user";q=100;w=60',
        "RateLimit": '"user";r=42;t=0',
    }


def test_every_dimension_is_an_item_of_the_list() -> None:
    noted = [NotedLimit("send", (status(), status("ip", limit=5, remaining=0)))]
    assert rate_limit_headers(noted) == {
        "RateLimit-Policy": '"user";q=100;w=60, "ip";q=5;w=60',
        "RateLimit": '"user";r=42;t=2, "ip";r=0;t=2',
    }


def test_limits_of_several_limiters_are_told_apart() -> None:
    noted = [NotedLimit("sign-in", (status(),)), NotedLimit("send", (status(),))]
    assert rate_limit_headers(noted)["RateLimit"] == (
        '"sign-in/user";r=42;t=2, "send/user";r=42;t=2'
    )


def test_of_a_limit_that_was_asked_twice_the_later_answer_counts() -> None:
    noted = [NotedLimit("send", (status(),)), NotedLimit("send", (status(remaining=41),))]
    assert rate_limit_headers(noted)["RateLimit"] == '"user";r=41;t=2'


@pytest.mark.parametrize("others", [0, 2])
@given(
    st.lists(
        st.tuples(
            st.sampled_from(["user", "ip", "a,b"]),
            st.integers(0, 10**6),
            st.floats(0, 100),
            st.none() | st.floats(0.01, 60),
        ),
        min_size=1,
        unique_by=lambda drawn: drawn[0],
    ),
    st.integers(0, 1_000),
    st.floats(0, 1),
)
def test_the_texts_of_a_lease_are_those_of_its_dimensions(
    others: int, drawn: list[tuple[str, int, float, float | None]], left: int, elapsed: float
) -> None:
    lease = Lease(NOTHING, NOTHING, 1, 5.0, Lent(10, 1.0, b"", ()), others)
    lease._statuses = tuple(
        status(name, remaining=remaining, reset_after=reset)._replace(step=step)
        for name, remaining, reset, step in drawn
    )
    for used in (left, left // 2):
        view = LeaseView(lease, used, 5.0 + elapsed)
        said = rate_limit_headers([NotedLimit("send", view)])
        assert said == rate_limit_headers([NotedLimit("send", tuple(view))])


def test_nothing_is_said_when_no_limit_was_asked() -> None:
    assert rate_limit_headers([]) == {}


def test_outside_a_request_nothing_is_kept() -> None:
    assert noted_limits() == []


@given(
    st.text(max_size=20),
    st.integers(0, 10**9),
    st.floats(0.01, 604_800),
    st.integers(-5, 10**9),
    st.floats(0, 10**6),
)
def test_whatever_the_numbers_and_names_the_headers_parse(
    name: str, limit: int, window: float, remaining: int, reset: float
) -> None:
    one = status(name, limit=limit, window=window, remaining=remaining, reset_after=reset)
    for value in rate_limit_headers([NotedLimit("x", (one,))]).values():
        assert ITEM.fullmatch(value), value


class TestInARequest:
    @pytest.fixture
    def app(self, app: Flask) -> Iterator[Flask]:
        @app.after_request
        def tell(response: Response) -> Response:
            response.headers.update(rate_limit_headers(noted_limits()))
            return response

        @app.errorhandler(RateLimited)
        def refused(error: RateLimited) -> tuple[str, int]:
            return str(error), 429

        yield app

    @pytest.mark.parametrize("decorate", [rate_limit("thing"), guarded("thing")])
    def test_answers_and_refusals_both_say_where_the_caller_stands(
        self, app: Flask, controller: ResilienceController, decorate: object
    ) -> None:
        controller.set_rate_limit_config(
            "thing", limit=2, window=60, dimensions=["ip"], algorithm="fixed_window"
        )
        app.add_url_rule("/", view_func=decorate(lambda: "ran"))  # type: ignore[operator]
        client = app.test_client()
        left = []
        for _ in range(4):
            response = client.get("/")
            assert response.headers["RateLimit-Policy"] == '"ip";q=2;w=60'
            left.append((response.status_code, response.headers["RateLimit"].split(";")[1]))
        # The last refusal comes from the memory of this process, without a question to Redis.
        assert left == [(200, "r=1"), (200, "r=0"), (429, "r=0"), (429, "r=0")]

    @pytest.mark.parametrize("decorate", [rate_limit("windows"), guarded("windows")])
    def test_every_window_is_said_with_its_length(
        self, app: Flask, controller: ResilienceController, decorate: object
    ) -> None:
        controller.set_rate_limit_config(
            "windows", dimensions={"ip": "9/second; 1/hour"}, algorithm="fixed_window"
        )
        app.add_url_rule("/", view_func=decorate(lambda: "ran"))  # type: ignore[operator]
        client = app.test_client()
        first = client.get("/").headers["RateLimit-Policy"]
        assert first == '"ip";q=9;w=1, "ip/hour";q=1;w=3600'
        refused = client.get("/")
        assert refused.status_code == 429
        assert '"ip/hour";q=1;w=3600' in refused.headers["RateLimit-Policy"]
        assert '"ip/hour";r=0' in refused.headers["RateLimit"]

    def test_a_request_without_limits_has_no_such_headers(
        self, app: Flask, controller: ResilienceController
    ) -> None:
        app.add_url_rule("/", view_func=lambda: "ran")
        assert "RateLimit" not in app.test_client().get("/").headers

    def test_one_request_does_not_tell_of_another(
        self, app: Flask, controller: ResilienceController
    ) -> None:
        @app.get("/")
        @rate_limit("thing", key=lambda: MultiDimensionalKey(user_id=1))
        def view() -> str:
            assert len(noted_limits()) == 1
            return "ran"

        # The context that the fixture pushed is the one of both requests.
        assert [app.test_client().get("/").text for _ in range(2)] == ["ran", "ran"]
