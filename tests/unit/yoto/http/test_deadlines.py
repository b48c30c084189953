"""The deadlines that callers say, and the steps around a request."""

from __future__ import annotations

import time
from typing import Any

import pytest
from flask import Flask, jsonify

from yoto import deadline, deadlines, remaining
from yoto.http.deadlines import CallersDeadlines, init_deadlines
from yoto.http.problems import init_refusals
from yoto.request.context import current_record
from yoto.request.deadlines import hear, said_by


class Counted:
    """Calls that were late, and headers that were ignored."""

    def __init__(self) -> None:
        self.late = self.ignored = 0

    def count_late(self) -> None:
        self.late += 1

    def count_ignored(self) -> None:
        self.ignored += 1


def app_of(counted: Counted, seconds: float = 0, proxies: int = 0) -> Flask:
    app = Flask(__name__)
    init_refusals(app)
    init_deadlines(app, seconds, proxies, counted.count_late, counted.count_ignored)

    @app.get("/left")
    def left() -> Any:
        return jsonify(remaining())

    @app.get("/quick")
    @deadline(5.0)
    def quick() -> Any:
        return jsonify(remaining())

    @app.get("/late")
    @deadline(0.001)
    def late() -> Any:
        with deadlines.spending("warehouse"):
            time.sleep(0.002)
        deadlines.check_deadline()
        raise AssertionError("it went on")

    return app


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({}, None),
        ({"HTTP_GRPC_TIMEOUT": "2S"}, 2.0),
        ({"HTTP_GRPC_TIMEOUT": "1500m"}, 1.5),
        ({"HTTP_GRPC_TIMEOUT": "1H"}, 3600.0),
        ({"HTTP_GRPC_TIMEOUT": "0m"}, 0.0),
        ({"HTTP_X_ENVOY_EXPECTED_RQ_TIMEOUT_MS": "250"}, 0.25),
        ({"HTTP_X_ENVOY_EXPECTED_RQ_TIMEOUT_MS": "0"}, None),
        ({"HTTP_GRPC_TIMEOUT": "2S", "HTTP_X_ENVOY_EXPECTED_RQ_TIMEOUT_MS": "250"}, 0.25),
    ],
)
def test_the_nearest_of_what_a_caller_says_counts(
    headers: dict[str, str], seconds: float | None
) -> None:
    counted = Counted()
    assert said_by(headers, counted.count_ignored) == seconds
    assert counted.ignored == 0


@pytest.mark.parametrize(
    "headers",
    [
        {"HTTP_GRPC_TIMEOUT": text}
        for text in ("", "S", "-1S", "1.5S", "2", "2s", "123456789m", "99999H", "\u0662S", "nan")
    ]
    + [
        {"HTTP_X_ENVOY_EXPECTED_RQ_TIMEOUT_MS": text}
        for text in ("", "-1", "1e3", "soon", "86400001", "9" * 400, " 5")
    ],
)
def test_a_header_that_is_no_time_to_wait_is_ignored_and_counted(headers: dict[str, str]) -> None:
    counted = Counted()
    assert said_by(headers, counted.count_ignored) is None
    assert counted.ignored == 1


def test_a_stranger_sets_no_deadline() -> None:
    client = app_of(Counted(), proxies=0).test_client()
    assert client.get("/left", headers={"grpc-timeout": "1S"}).json is None


def test_a_caller_behind_a_trusted_proxy_does() -> None:
    client = app_of(Counted(), proxies=1).test_client()
    answer = client.get("/left", headers={"grpc-timeout": "10S"}).json
    assert 0 < answer <= 10
    assert client.get("/left").json is None


def test_who_comes_after_the_deadline_is_answered_before_routing() -> None:
    counted = Counted()
    client = app_of(counted, proxies=1).test_client()
    answer = client.get("/no/such/route", headers={"grpc-timeout": "0m"})
    assert answer.status_code == 504
    assert answer.mimetype == "application/problem+json"
    assert answer.get_json(force=True)["type"] == "urn:yoto:problem:deadline-exceeded"
    assert counted.late == 1


@pytest.mark.parametrize(("said", "most"), [("60S", 5.0), ("1S", 1.0)])
def test_a_routes_own_deadline_is_never_exceeded(said: str, most: float) -> None:
    client = app_of(Counted(), seconds=30.0, proxies=1).test_client()
    assert 0 < client.get("/quick", headers={"grpc-timeout": said}).json <= most


def test_a_route_without_one_has_the_applications() -> None:
    client = app_of(Counted(), seconds=30.0).test_client()
    assert 5 < client.get("/left").json <= 30
    assert remaining() is None


def test_a_late_answer_is_a_problem_of_its_own_and_counted() -> None:
    counted = Counted()
    answer = app_of(counted).test_client().get("/late")
    assert answer.status_code == 504
    problem = answer.get_json(force=True)
    assert problem["type"] == "urn:yoto:problem:deadline-exceeded"
    assert problem["deadline"] == 0.001
    assert counted.late == 1


def test_nothing_of_the_application_runs_for_a_late_caller() -> None:
    counted, ran = Counted(), []
    app = app_of(counted)
    app.before_request(lambda: ran.append("before"))
    inner: Any = app.wsgi_app

    def delayed(environ: Any, start_response: Any) -> Any:
        time.sleep(0.002)
        return inner(environ, start_response)

    app.wsgi_app = CallersDeadlines(  # type: ignore[method-assign]
        delayed, counted.count_late, counted.count_ignored
    )
    assert app.test_client().get("/left", headers={"grpc-timeout": "1m"}).status_code == 504
    assert ran == []


@pytest.mark.parametrize("own", [0, 30.0])
def test_who_calls_by_a_credential_is_believed_without_a_proxy(own: float) -> None:
    app = app_of(Counted(), seconds=own)
    app.before_request(hear)
    client = app.test_client()
    assert 0 < client.get("/left", headers={"grpc-timeout": "1S"}).json <= 1
    assert 1 < client.get("/quick", headers={"grpc-timeout": "60S"}).json <= 5
    assert client.get("/left", headers={"grpc-timeout": "0m"}).status_code == 504
    assert remaining() is None


def test_the_record_of_a_late_request_says_where_the_time_went() -> None:
    app, outcomes = app_of(Counted()), []
    app.after_request(lambda response: outcomes.append(current_record().outcome) or response)
    app.test_client().get("/late")
    assert outcomes[0]["problem"] == "deadline-exceeded"
    assert float(outcomes[0]["spent_warehouse"]) >= 0.002
