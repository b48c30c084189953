"""The guide for those who come from other libraries: theirs and ours run, and do the same."""

from __future__ import annotations

import importlib.util
import re
import secrets
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from flask import Flask

from tests.support.redis_servers import Server
from tests.support.require import missing
from tests.support.resilience import own_names
from tests.unit.docs.test_guides import DOCS, EXTENSIONS, application
from yoto import Yoto
from yoto.errors import CircuitOpen
from yoto.resilience import Resilience

__all__ = ["application", "own_names"]

BLOCK = re.compile(r"```python\n# (theirs|ours)\n(.*?)```", re.DOTALL)


def chapter(title: str, library: str | None = None) -> tuple[str, str]:
    """The code of theirs, which may need a library, and of ours."""
    if library is not None and importlib.util.find_spec(library) is None:
        missing(f"{library} is not installed")
    text = (DOCS / "migrate.md").read_text(encoding="utf-8")
    found = dict(BLOCK.findall(text.split(f"\n## {title}\n")[1].split("\n## ")[0]))
    return found["theirs"], found["ours"]


def executed(code: str, **given: Any) -> dict[str, Any]:
    names: dict[str, Any] = given
    exec(compile(EXTENSIONS.sub("", code), "migrate.md", "exec"), names)
    return names


def test_a_breaker_does_what_pybreaker_did(application: Flask) -> None:  # noqa: F811
    theirs, ours = chapter("pybreaker", "pybreaker")
    before = executed(theirs)
    with application.app_context():
        after = executed(ours, resilience=Resilience())
        assert before["answer"] == after["answer"] == 7
        for _ in range(6):
            # A name that nobody has is the caller's fault.
            for names in (before, after):
                with pytest.raises(KeyError):
                    names["balance"]("bob")
        for _ in range(5):
            with pytest.raises((TypeError, before["pybreaker"].CircuitBreakerError)):
                before["balance"]([])
            with pytest.raises(TypeError):
                after["balance"]([])
        assert before["counted"].failures == after["counted"].failures == 5
        with pytest.raises(before["pybreaker"].CircuitBreakerError):
            before["balance"]("anna")
        with pytest.raises(CircuitOpen) as caught:
            after["balance"]("anna")
        assert 50 < caught.value.retry_after <= 60


@pytest.fixture
def limited(
    own_names: None,  # noqa: F811
    valkey_server: Server,
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[dict[str, Flask]]:
    monkeypatch.setenv("YOTO_REDIS_URL", valkey_server.url)
    made = {}
    for name, code in zip(
        ("theirs", "ours"), chapter("Flask-Limiter", "flask_limiter"), strict=True
    ):
        monkeypatch.setenv("YOTO_REDIS_KEY_PREFIX", f"test-migrate-{secrets.token_hex(4)}:")
        made[name] = executed(code, __name__=__name__)[name]()
    yield made
    Yoto.close(made["ours"])


def test_both_limit_alike(limited: dict[str, Flask]) -> None:
    right, wrong = {"password": "right"}, {"password": "wrong"}
    free, pro, staff = {"X-Plan": "free"}, {"X-Plan": "pro"}, {"X-Staff": "yes"}
    asked: list[tuple[str, str, dict[str, Any], int]] = [
        ("GET", "/books", {}, 5),
        ("GET", "/search", {}, 3),
        ("POST", "/sign-in", {"data": right}, 3),
        ("POST", "/sign-in", {"data": wrong}, 3),
        ("POST", "/notes", {}, 2),
        ("GET", "/notes", {}, 3),
        ("GET", "/export", {"headers": free}, 2),
        ("GET", "/export", {"headers": pro}, 2),
        ("GET", "/upload?files=3", {}, 1),
        ("GET", "/upload?files=2", {}, 1),
        ("GET", "/upload?files=1", {}, 1),
        ("GET", "/health", {}, 5),
        ("GET", "/api/things", {"headers": staff}, 2),
    ]
    answers = {
        name: [
            client.open(path, method=method, **options).status_code
            for method, path, options, times in asked
            for _ in range(times)
        ]
        for name, client in ((name, app.test_client()) for name, app in limited.items())
    }
    assert answers["ours"] == answers["theirs"]
    assert answers["ours"].count(429) == 6


def test_a_refused_call_costs_nothing_here_and_its_units_there(limited: dict[str, Flask]) -> None:
    answers = {
        name: [app.test_client().get(f"/upload?files={files}").status_code for files in (4, 2, 1)]
        for name, app in limited.items()
    }
    assert answers == {"ours": [200, 429, 200], "theirs": [200, 429, 429]}


def test_a_check_does_what_an_enforcer_of_pycasbin_did(
    valkey_server: Server, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    theirs, ours = chapter("pycasbin", "casbin")
    monkeypatch.setenv("YOTO_REDIS_URL", valkey_server.url)
    monkeypatch.setenv("YOTO_REDIS_KEY_PREFIX", f"test-migrate-{secrets.token_hex(4)}:")
    monkeypatch.chdir(tmp_path)
    before, after = executed(theirs), executed(ours, __name__=__name__)
    app = after["app"]
    try:
        made = app.test_cli_runner().invoke(args=["yoto", "setup"])
        assert made.exit_code == 0, made.output
        with app.app_context():
            after["assign"]()
            asked = [
                (person, "article", action)
                for person in ("ada", "tim", "eve")
                for action in ("read", "write")
            ]
            for names in (before, after):
                answers = [names["may"](*one) for one in asked]
                assert answers == [True, True, True, False, False, False]
                names["dismiss"]("ada")
                assert [names["may"](*one) for one in asked] == [False, False, True, *answers[3:]]
    finally:
        Yoto.close(app)
