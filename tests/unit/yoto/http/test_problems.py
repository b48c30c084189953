"""Each error of the platform leaves as the right problem."""

from __future__ import annotations

import logging
from typing import Any

import pytest
from flask import Flask, Response
from sqlalchemy.exc import (
    IntegrityError,
    InterfaceError,
    NoResultFound,
    OperationalError,
    ProgrammingError,
    TimeoutError,
)
from sqlalchemy.orm.exc import StaleDataError
from werkzeug.exceptions import Conflict, Forbidden, HTTPException, Unauthorized

from tests.unit.yoto.http.conftest import Raiser
from yoto import errors
from yoto.housekeeping import FoldedLine
from yoto.http import problems
from yoto.http.database_problems import conflict
from yoto.permission import Decision

STATEMENT = ("SELECT secret FROM vault", {}, Exception("root@10.0.0.1 refused"))

CASES: list[tuple[Exception, int, str, dict[str, Any], dict[str, str]]] = [
    (
        errors.ValidationFailed({"name": ["is too long", "is odd"]}),
        422,
        "validation-failed",
        {"errors": {"name": ["is too long", "is odd"]}, "detail": "name: is too long, is odd"},
        {},
    ),
    (
        errors.VersionConflict(8, {"limit": 5}),
        409,
        "version-conflict",
        {"current_version": 8, "current": {"limit": 5}},
        {},
    ),
    (errors.AlreadyRunning("warm_up", "1f"), 409, "already-running", {"task_id": "1f"}, {}),
    (
        errors.UnknownPermission(["no.such"]),
        422,
        "validation-failed",
        {"errors": {"permission": ["unknown permission 'no.such'"]}},
        {},
    ),
    (
        errors.UnknownResource("channel", 7),
        404,
        "not-found",
        {"errors": {"channel_id": ["no channel 7"]}},
        {},
    ),
    (
        errors.PermissionDenied("not_granted", "message.send"),
        403,
        "permission-denied",
        {"permission": "message.send", "reason": "not_granted"},
        {},
    ),
    (
        errors.SignInAgain(Decision(False, "sign_in_again"), "message.send", 300.0),
        403,
        "sign-in-again",
        {"permission": "message.send", "reason": "sign_in_again", "max_age": 300.0},
        {},
    ),
    (
        errors.MaintenanceMode("moving house", 90.0),
        503,
        "maintenance",
        {"reason": "moving house"},
        {"Retry-After": "90"},
    ),
    (
        errors.StoreUnavailable("redis", ConnectionError("redis://:pass@10.0.0.1"), 2.5),
        503,
        "store-unavailable",
        {"store": "redis", "detail": "redis is unavailable; try again later."},
        {"Retry-After": "3"},
    ),
    (
        errors.RateLimited(10, 0, 30.0, 1.2345, "message.send", "user"),
        429,
        "rate-limited",
        {"limit": 10, "remaining": 0, "reset": 30.0, "retry_after": 1.234, "dimension": "user"},
        {"Retry-After": "2"},
    ),
    (
        errors.CircuitOpen("billing", 5.0),
        503,
        "circuit-open",
        {"name": "billing", "retry_after": 5.0},
        {"Retry-After": "5"},
    ),
    (
        errors.CircuitIsolated("billing", 0.2),
        503,
        "circuit-isolated",
        {"name": "billing"},
        {"Retry-After": "1"},
    ),
    (
        errors.BulkheadFull("search", 8, 0.5),
        503,
        "bulkhead-full",
        {"name": "search", "limit": 8},
        {"Retry-After": "1"},
    ),
    (
        errors.QueueFull("welcome", 1000, 1.0),
        503,
        "queue-full",
        {"name": "welcome", "limit": 1000},
        {"Retry-After": "1"},
    ),
    (
        errors.Degraded("feed", "heavy"),
        503,
        "degraded",
        {"name": "feed", "level": "heavy"},
        {"Retry-After": "30"},
    ),
    (errors.Rejected("later", 4.0), 503, "rejected", {}, {"Retry-After": "4"}),
    (
        IntegrityError(*STATEMENT),
        409,
        "conflict",
        {"detail": "The change collides with another one; nothing was changed."},
        {},
    ),
    (
        OperationalError(*STATEMENT),
        503,
        "store-unavailable",
        {"store": "database", "detail": "database is unavailable; try again later."},
        {"Retry-After": "1"},
    ),
    (
        InterfaceError(*STATEMENT),
        503,
        "store-unavailable",
        {"store": "database"},
        {"Retry-After": "1"},
    ),
    (
        OperationalError("INSERT", {}, Exception(1213, "Deadlock found")),
        409,
        "conflict",
        {"detail": "The change collides with another one; nothing was changed."},
        {},
    ),
    (OperationalError("INSERT", {}, Exception(1364, "No default")), 500, "internal-error", {}, {}),
    (StaleDataError("expected to update 1 row(s); 0 were matched"), 409, "conflict", {}, {}),
    (NoResultFound("No row was found"), 404, "not-found", {}, {}),
    (
        ProgrammingError("SELECT", {}, Exception(1146, "no such table")),
        503,
        "store-unavailable",
        {"detail": "the database is not set up: run 'flask setup'"},
        {"Retry-After": "5"},
    ),
    (
        TimeoutError("QueuePool limit reached"),
        503,
        "store-unavailable",
        {"store": "database"},
        {"Retry-After": "1"},
    ),
    (Conflict("Somebody was faster."), 409, "conflict", {"detail": "Somebody was faster."}, {}),
    (conflict("name", "is taken"), 409, "conflict", {"errors": {"name": ["is taken"]}}, {}),
    (Forbidden("Not yours."), 403, "forbidden", {"detail": "Not yours."}, {}),
]


@pytest.mark.parametrize(
    ("error", "status", "slug", "fields", "headers"),
    CASES,
    ids=[type(case[0]).__name__ for case in CASES],
)
def test_an_error_becomes_its_problem(
    raising: Raiser,
    error: Exception,
    status: int,
    slug: str,
    fields: dict[str, Any],
    headers: dict[str, str],
) -> None:
    answer = raising(error).get("/fail")
    assert (answer.status_code, answer.mimetype) == (status, "application/problem+json")
    problem = answer.get_json()
    assert problem["type"] == f"urn:yoto:problem:{slug}"
    assert problem["title"] and problem["detail"]
    assert (problem["status"], problem["instance"]) == (status, "/fail")
    assert problem["request_id"] == answer.headers["X-Request-ID"]
    assert {name: problem[name] for name in fields} == fields
    assert {name: answer.headers[name] for name in headers} == headers


@pytest.mark.parametrize(
    "error",
    [
        RuntimeError("the password is swordfish"),
        KeyError("swordfish"),
        errors.LockLost("swordfish", 3),
        errors.PolicyError("night", "swordfish"),
    ],
    ids=lambda error: type(error).__name__,
)
def test_an_unexpected_error_tells_nothing_but_the_request_id(
    raising: Raiser, error: Exception, caplog: pytest.LogCaptureFixture
) -> None:
    answer = raising(error).get("/fail", headers={"X-Request-ID": "find-me"})
    assert answer.status_code == 500
    assert answer.get_json() == {
        "type": "urn:yoto:problem:internal-error",
        "title": "Internal error",
        "status": 500,
        "detail": "Something went wrong on our side.",
        "instance": "/fail",
        "request_id": "find-me",
    }
    assert "swordfish" in caplog.text, "the log must tell what the answer does not"


@pytest.mark.parametrize("error", [case[0] for case in CASES if case[1] == 503])
def test_no_answer_tells_addresses_or_statements(raising: Raiser, error: Exception) -> None:
    text = raising(error).get("/fail").text
    assert "10.0.0.1" not in text and "SELECT" not in text


@pytest.mark.parametrize(
    ("method", "path", "status", "slug"),
    [
        ("GET", "/nowhere", 404, "not-found"),
        ("DELETE", "/ping", 405, "method-not-allowed"),
    ],
)
def test_what_the_router_refuses_is_a_problem_too(
    bare_app: Flask, method: str, path: str, status: int, slug: str
) -> None:
    answer = bare_app.test_client().open(path, method=method)
    assert (answer.status_code, answer.mimetype) == (status, "application/problem+json")
    assert answer.get_json()["type"] == f"urn:yoto:problem:{slug}"


def test_a_method_that_is_not_allowed_is_answered_with_those_that_are(bare_app: Flask) -> None:
    answer = bare_app.test_client().delete("/ping")
    assert set(answer.headers["Allow"].split(", ")) == {"GET", "HEAD", "OPTIONS"}


def test_nested_messages_of_a_schema_become_paths(raising: Raiser) -> None:
    error = HTTPException()
    error.code = 422
    error.data = {  # type: ignore[attr-defined]
        "messages": {"json": {"checks": {0: {"scope": ["unknown"]}}, "_schema": ["both needed"]}}
    }
    problem = raising(error).get("/fail").get_json()
    assert problem["errors"] == {"checks.0.scope": ["unknown"], "body": ["both needed"]}


def test_a_response_that_an_error_brings_along_is_kept(raising: Raiser) -> None:
    prepared = Response("told you", status=401)
    answer = raising(Unauthorized(response=prepared)).get("/fail")
    assert (answer.status_code, answer.text) == (401, "told you")


def test_each_401_says_which_credential_is_wanted(raising: Raiser) -> None:
    assert raising(Unauthorized()).get("/fail").headers["WWW-Authenticate"] == 'Bearer realm="yoto"'


@pytest.mark.parametrize(
    ("path", "instance"),
    [("/no such/é", "/no%20such/%C3%A9"), ("/a%3Fb/%5B1%5D", "/a%3Fb/%5B1%5D")],
)
def test_the_instance_is_a_reference_that_can_be_followed(
    raising: Raiser, path: str, instance: str
) -> None:
    assert raising(KeyError()).get(path).get_json()["instance"] == instance


def test_full_pools_leave_one_line_without_a_trace(
    raising: Raiser, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    busy = FoldedLine(problems.log, logging.ERROR, "store busy: %d", every=3600)
    monkeypatch.setattr(problems, "BUSY", busy)
    client = raising(TimeoutError("QueuePool limit reached"))
    for _ in range(5):
        client.get("/fail")
    lines = [one for one in caplog.records if one.name == problems.log.name]
    assert [one.getMessage() for one in lines] == ["store busy: 1"]
    assert lines[0].exc_info is None
    assert busy.times == 5
