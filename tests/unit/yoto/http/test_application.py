"""Code that runs after the view changes no answer by failing."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Blueprint, Flask, after_this_request, g, session
from flask.sessions import SecureCookieSessionInterface
from flask.views import View
from werkzeug.exceptions import HTTPException
from werkzeug.test import EnvironBuilder

from yoto.http.application import MOST_FUNCTIONS, Application


class Boom(RuntimeError):
    """The failure of a step."""


def fail(*_: Any) -> Any:
    raise Boom


class FailingSessions(SecureCookieSessionInterface):
    save_session = fail


@pytest.fixture
def ended() -> list[str]:
    """The steps that ran to their end."""
    return []


@pytest.fixture
def app(ended: list[str]) -> Flask:
    """Before and after each step that works there is one that fails."""
    app = Application("small")
    app.config.update(TESTING=True, SECRET_KEY="k" * 32)
    app.session_interface = FailingSessions()
    part = Blueprint("part", __name__)

    @part.post("/act")
    def act() -> tuple[str, int]:
        after_this_request(fail)
        session["chosen"] = g.caller = "ada"
        return "done", 201

    @part.get("/broken")
    def broken() -> str:
        raise Boom

    def mark(response: Any) -> Any:
        response.headers["X-Caller"] = g.get("caller", "")
        return response

    for where in (part, app):
        for step in (fail, mark, fail):
            where.after_request(step)
        for end in (fail, lambda error: ended.append("request"), fail):
            where.teardown_request(end)
    for end in (fail, lambda error: ended.append("context"), fail):
        app.teardown_appcontext(end)
    app.register_blueprint(part)
    app.register_error_handler(Boom, lambda error: ("handled", 503))
    return app


def test_an_answer_stays_what_it_was_whatever_fails_after_it(
    app: Flask, ended: list[str], caplog: pytest.LogCaptureFixture
) -> None:
    answer = app.test_client().post("/act")
    assert (answer.status_code, answer.text, answer.headers["X-Caller"]) == (201, "done", "ada")
    assert ended == ["request", "request", "context"]
    # One of ``after_this_request``, the session, and two each of five kinds.
    assert len([one for one in caplog.records if one.exc_info]) == 12


def test_a_failure_of_the_view_is_handled_as_ever(app: Flask, ended: list[str]) -> None:
    answer = app.test_client().get("/broken")
    assert (answer.status_code, answer.text) == (503, "handled")
    assert ended == ["request", "request", "context"]


HOSTS = [
    None,
    "here",
    "HERE:80",
    "here:8080",
    "b\u00fccher.example",
    "xn--",
    "a b",
    "[::1]:5000",
    "",
]


@pytest.mark.parametrize("host", HOSTS)
@pytest.mark.parametrize("slashes", ["", "/"])
@pytest.mark.parametrize("path", ["/", "//a", "/\u00fc", "/a?b=\u00fc"])
def test_addresses_are_read_as_by_flask(host: str | None, path: str, slashes: str) -> None:
    environ = EnvironBuilder(path, method="POST", headers={"Host": host or ""}).get_environ()
    if host is None:
        del environ["HTTP_HOST"]
    environ["SCRIPT_NAME"] = "/below"
    environ["PATH_INFO"] = slashes + environ["PATH_INFO"]

    def adapter(app: Flask) -> object:
        request = app.request_class(dict(environ))
        try:
            found = app.create_url_adapter(request)
        except HTTPException as error:
            return error.code
        assert found is not None
        facts = {name: value for name, value in vars(found).items() if name != "map"}
        # Both match as if there were one slash in front.
        facts["path_info"] = found.path_info and "/" + found.path_info.lstrip("/")
        return facts | {"host": request.host, "script_name": found.script_name.rstrip("/")}

    assert adapter(Application("ours")) == adapter(Flask("plain"))


def test_functions_made_for_one_request_are_not_kept_for_ever() -> None:
    class Reading(View):
        def dispatch_request(self) -> str:
            return "read"

    app = Application("classes")
    for _ in range(MOST_FUNCTIONS + 10):
        assert app.ensure_sync(Reading().dispatch_request)() == "read"
    assert app._synchronous.cache_info().currsize == MOST_FUNCTIONS


@pytest.mark.parametrize(
    ("asked", "location"),
    [
        ("/control", "/control/"),
        ("/control?next=//evil.example", "/control/?next=//evil.example"),
        ("/////evil.example", "/evil.example/"),
        ("/evil.example//", "/evil.example/"),
    ],
)
def test_a_redirect_to_the_spelling_of_a_route_repeats_no_host(asked: str, location: str) -> None:
    app = Application("redirecting")
    app.add_url_rule("/control/", "control", lambda: "here")
    app.add_url_rule("/<name>/", "named", lambda name: name)
    environ = EnvironBuilder("/", headers={"Host": "evil.example"}).get_environ()
    environ["PATH_INFO"], _, environ["QUERY_STRING"] = asked.partition("?")
    answer = app.test_client().open(environ)
    assert (answer.status_code, answer.headers["Location"]) == (308, location)
