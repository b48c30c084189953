"""Problems in an application of somebody else's that has nothing of the platform but guards."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient

from yoto.errors import CircuitOpen, RateLimited
from yoto.http import problems
from yoto.http.problems import init_refusals
from yoto.resilience.headers import note_limits
from yoto.resilience.limiter import DimensionStatus

ROOT = Path(__file__).parents[4]
FOREIGN = ("sqlalchemy", "flask_sqlalchemy", "flask_smorest", "flask_jwt_extended", "socketio")


def limited() -> str:
    status = DimensionStatus("user", 3, 60.0, 0, 60.0, 7.5)
    note_limits("shop", lambda: [status])
    raise RateLimited(3, 0, 60.0, 7.5, "shop", "user")


def away() -> str:
    raise CircuitOpen("payments", 4.2)


def broken() -> str:
    raise KeyError("cart")


@pytest.fixture
def shop() -> FlaskClient:
    app = Flask("shop")
    for view in (limited, away, broken):
        app.add_url_rule(f"/{view.__name__}", view_func=view)
    app.register_error_handler(KeyError, lambda error: ("the shop's own page", 500))
    init_refusals(app)
    return app.test_client()


def test_a_refusal_says_when_to_come_back_and_what_is_left(shop: FlaskClient) -> None:
    answer = shop.get("/limited", headers={"X-Request-ID": "abc"})
    assert (answer.status_code, answer.mimetype) == (429, "application/problem+json")
    assert (answer.json or {})["type"] == "urn:yoto:problem:rate-limited"
    assert (answer.json or {})["request_id"] == "abc"
    assert answer.headers["Retry-After"] == "8"
    assert answer.headers["RateLimit"] == '"user";r=0;t=8'
    assert answer.headers["RateLimit-Policy"] == '"user";q=3;w=60'


def test_a_guard_that_is_open_is_a_503(shop: FlaskClient) -> None:
    answer = shop.get("/away")
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "5")


def test_other_errors_and_addresses_stay_the_applications(shop: FlaskClient) -> None:
    assert shop.get("/broken").text == "the shop's own page"
    assert shop.get("/nowhere").mimetype == "text/html"


def test_headers_that_cannot_be_made_cost_no_answer(
    shop: FlaskClient, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(_: object) -> dict[str, str]:
        raise ValueError("no such header")

    monkeypatch.setattr(problems, "rate_limit_headers", fail)
    answer = shop.get("/limited")
    assert answer.status_code == 429 and "RateLimit" not in answer.headers
    assert "without its RateLimit headers" in caplog.text


def test_importing_them_imports_no_database_and_no_sockets() -> None:
    child = subprocess.run(
        [
            sys.executable,
            "-c",
            "import sys, yoto.http.problems\n"
            f"loaded = sorted({{*sys.modules}} & {set(FOREIGN)!r})\n"
            "sys.exit(f'imported: {loaded}' if loaded else 0)",
        ],
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    assert child.returncode == 0, child.stderr
