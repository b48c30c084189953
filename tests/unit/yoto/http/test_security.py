"""The headers that every answer carries."""

from __future__ import annotations

import pytest
from flask import Flask, Response

from tests.unit.yoto.http.conftest import Raiser
from yoto.http.wsgi import CONTENT_SECURITY_POLICY


def directives() -> dict[str, list[str]]:
    parts = (part.split() for part in CONTENT_SECURITY_POLICY.split("; "))
    return {name: sources for name, *sources in parts}


def test_the_policy_lets_nothing_in_that_it_does_not_name() -> None:
    assert directives()["default-src"] == ["'none'"]


def test_the_policy_knows_no_other_host_and_nothing_unsafe() -> None:
    sources = {source for found in directives().values() for source in found}
    assert sources == {"'none'", "'self'", "data:"}
    assert [name for name, found in directives().items() if "data:" in found] == ["img-src"]


def test_pages_cannot_be_framed_or_rebased() -> None:
    assert directives()["frame-ancestors"] == directives()["base-uri"] == ["'none'"]


EXPECTED = {
    "Content-Security-Policy": CONTENT_SECURITY_POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-store",
}


@pytest.mark.parametrize("path", ["/ping", "/nowhere", "/fail"])
def test_every_answer_has_them(raising: Raiser, path: str) -> None:
    answer = raising(RuntimeError("broken")).get(path)
    assert {name: answer.headers[name] for name in EXPECTED} == EXPECTED


def test_only_encrypted_answers_ask_for_encryption(bare_app: Flask) -> None:
    client = bare_app.test_client()
    assert "Strict-Transport-Security" not in client.get("/ping").headers
    answer = client.get("/ping", base_url="https://localhost")
    assert answer.headers["Strict-Transport-Security"].startswith("max-age=63072000")


def test_static_files_may_be_kept(bare_app: Flask) -> None:
    answer = bare_app.test_client().get("/static/nothing.css")
    assert answer.headers.get("Cache-Control") != "no-store"


def test_scripts_and_styles_carry_no_rules_for_pages(bare_app: Flask) -> None:
    answer = bare_app.test_client().get("/static/nothing.css").headers
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert answer["Cross-Origin-Resource-Policy"] == "same-origin"
    assert "Content-Security-Policy" not in answer
    picture = bare_app.test_client().get("/static/nothing.svg").headers
    assert "script-src 'self'" in picture["Content-Security-Policy"]


def test_what_a_view_says_itself_comes_first_and_once(bare_app: Flask) -> None:
    def view() -> Response:
        return Response("kept", headers={"cache-control": "max-age=9"})

    bare_app.add_url_rule("/kept", "kept", view)
    answer = bare_app.test_client().get("/kept")
    assert answer.headers.getlist("Cache-Control") == ["max-age=9"]
    assert answer.headers["X-Frame-Options"] == "DENY"


@pytest.mark.parametrize("status", [204, 302, 304])
def test_answers_without_a_body_have_them_too(bare_app: Flask, status: int) -> None:
    bare_app.add_url_rule("/bare", "empty", lambda: ("", status, {"Location": "/\u00fc"}))
    answer = bare_app.test_client().get("/bare")
    assert answer.status_code == status and answer.headers["X-Frame-Options"] == "DENY"
    assert answer.headers["Location"] == "/%C3%BC"
    assert ("Content-Length" in answer.headers) is (status == 302)
