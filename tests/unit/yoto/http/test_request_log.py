"""Which request a line belongs to, and the line at a request's end."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterator
from types import SimpleNamespace

import pytest
from flask import Flask, g

from tests.support.log_lines import LogLines, written
from tests.support.together import together
from yoto.errors import CircuitOpen, PermissionDenied

END = "request ended"
FACTS = {"request_id", "method", "path", "user_id"}

log = logging.getLogger("app.test_request_log")


def say() -> str:
    g.identity = SimpleNamespace(user_id=7)
    log.info("said")
    return "said"


@pytest.fixture
def app(bare_app: Flask) -> Flask:
    bare_app.add_url_rule("/say/<word>", "say", lambda word: say())
    bare_app.add_url_rule("/livez", "livez", lambda: "alive")
    return bare_app


@pytest.fixture
def lines(app: Flask) -> Iterator[LogLines]:
    with written("INFO") as found:
        found.app = app
        yield found


def add_failing(app: Flask, error: BaseException) -> None:
    def fail() -> str:
        raise error

    app.add_url_rule("/fail", "fail", fail)


def test_every_line_within_a_request_says_which(app: Flask, lines: LogLines) -> None:
    app.test_client().get("/say/hello?password=x", headers={"X-Request-ID": "abc"})
    facts = {"request_id": "abc", "method": "GET", "path": "/say/hello", "user_id": 7}
    said, ended = lines.parsed()
    assert facts.items() <= said.items() and facts.items() <= ended.items()
    # Records know the request by another name.
    assert said["own_request_id"] == ended["own_request_id"] != "abc"
    assert "password" not in lines.text and "thread" not in said


@pytest.mark.parametrize(
    ("path", "shown"),
    [
        ("/invites/aB3-xyz_91Q/join", "/invites/<code>/join"),
        ("/invites/aB3-xyz_91Q/jion", "/invites/.../jion"),
        ("/say", "/say"),
        ("/api/v1/servers/17/sya", "/api/v1/servers/17/sya"),
    ],
)
def test_what_opens_something_by_itself_is_in_no_line(
    app: Flask, lines: LogLines, path: str, shown: str
) -> None:
    app.add_url_rule("/invites/<code>/join", "join", lambda code: say())
    app.test_client().get(path)
    assert {line["path"] for line in lines.parsed()} == {shown}
    assert "aB3" not in lines.text


def test_a_request_leaves_one_line_at_its_end(app: Flask, lines: LogLines) -> None:
    app.test_client().get("/say/hello")
    (ended,) = lines.parsed(END)
    assert (ended["status"], ended["level"], ended["address"]) == (200, "info", "127.0.0.1")
    assert 0 < ended["duration_ms"] < 60_000


def test_at_debug_its_beginning_is_a_line_too(app: Flask) -> None:
    with written("DEBUG") as found:
        found.app = app
        app.test_client().get("/say/hello")
        (began,) = found.parsed("request begins")
    assert (began["path"], began["level"]) == ("/say/hello", "debug")


def test_a_line_says_itself_whom_it_is_about(app: Flask, lines: LogLines) -> None:
    app.add_url_rule("/about", "about", lambda: log.info("about", extra={"path": "/x"}) or "")
    app.test_client().get("/about")
    assert lines.parsed("about")[0]["path"] == "/x"


def test_a_denial_says_what_was_asked_and_why_not(app: Flask, lines: LogLines) -> None:
    add_failing(app, PermissionDenied(SimpleNamespace(reason="timed_out"), "message.send"))
    app.test_client().get("/fail")
    (ended,) = lines.parsed(END)
    assert (ended["status"], ended["problem"]) == (403, "permission-denied")
    assert (ended["reason"], ended["permission"]) == ("timed_out", "message.send")


def test_other_problems_are_named(app: Flask, lines: LogLines) -> None:
    add_failing(app, CircuitOpen("billing", 3.0))
    client = app.test_client()
    client.get("/fail")
    client.get("/nowhere")
    assert [(line["status"], line["problem"]) for line in lines.parsed(END)] == [
        (503, "circuit-open"),
        (404, "not-found"),
    ]


def test_an_error_is_one_line_and_its_request_another(app: Flask, lines: LogLines) -> None:
    add_failing(app, RuntimeError("what nobody foresaw"))
    app.test_client().get("/fail", headers={"X-Request-ID": "abc"})
    error, ended = lines.parsed()
    assert error["exception"][0]["exc_value"] == "what nobody foresaw"
    assert error["request_id"] == ended["request_id"] == "abc"
    assert (ended["status"], ended["problem"]) == (500, "internal-error")


class Cut(BaseException):
    """An end that comes from outside, such as a time-out of eventlet."""


def test_a_request_that_is_cut_off_is_one_too(app: Flask, lines: LogLines) -> None:
    add_failing(app, Cut())
    with pytest.raises(Cut):
        app.test_client().get("/fail")
    (ended,) = lines.parsed(END)
    assert ended["status"] == 500


def test_nothing_of_a_request_is_left_to_what_its_thread_does_next(
    app: Flask, lines: LogLines
) -> None:
    client = app.test_client()
    client.get("/say/hello")
    log.info("between")
    client.get("/ping")
    (between,) = lines.parsed("between")
    assert not FACTS & set(between) and between["thread"]
    # The second one is nobody's, since it did not look for its caller.
    assert "user_id" not in lines.parsed(END)[1]


def test_a_thread_that_a_request_starts_is_outside_of_it(app: Flask, lines: LogLines) -> None:
    def start() -> str:
        thread = threading.Thread(target=lambda: log.info("background"), name="helper")
        thread.start()
        thread.join()
        return ""

    app.add_url_rule("/start", "start", start)
    app.test_client().get("/start")
    (background,) = lines.parsed("background")
    assert not FACTS & set(background) and background["thread"] == "helper"


def test_requests_at_once_keep_their_lines_apart(app: Flask, lines: LogLines) -> None:
    """In threads, or in greenlets where the tests run under eventlet."""
    meeting = threading.Barrier(8)

    def meet(word: str) -> str:
        log.info("one %s", word)
        meeting.wait(10)
        log.info("two %s", word)
        return ""

    def ask(word: str) -> Callable[[], int]:
        return (
            lambda: app.test_client()
            .get(f"/meet/{word}", headers={"X-Request-ID": word})
            .status_code
        )

    app.add_url_rule("/meet/<word>", "meet", meet)
    assert together([ask(f"w{number}") for number in range(8)]) == [200] * 8
    said = [line for line in lines.parsed() if line["event"] != END]
    assert len(said) == 16
    assert all(line["event"].split()[1] == line["request_id"] for line in said)
    assert {line["request_id"] for line in lines.parsed(END)} == {f"w{n}" for n in range(8)}


@pytest.mark.parametrize(("share", "plain", "denied"), [(0.0, 0, 0), (1e-9, 0, 1), (1.0, 1, 1)])
def test_requests_are_sampled_but_denials_and_failures_are_not(
    app: Flask, lines: LogLines, share: float, plain: int, denied: int
) -> None:
    app.config["LOG_REQUEST_SAMPLE"] = share
    add_failing(app, PermissionDenied("not_granted", "message.send"))
    client = app.test_client()
    client.get("/ping")
    client.get("/fail")
    assert [line["path"] for line in lines.parsed(END)] == ["/ping"] * plain + ["/fail"] * denied


def test_probes_that_succeed_are_for_those_who_look_closely(app: Flask, lines: LogLines) -> None:
    client = app.test_client()
    client.get("/livez")
    client.post("/livez")
    assert [line["status"] for line in lines.parsed(END)] == [405]


def test_the_handler_of_a_socket_is_no_request(app: Flask, lines: LogLines) -> None:
    """Flask-SocketIO runs it in the context of the request that opened the socket."""
    with app.request_context(app.test_request_context("/socket.io/").request.environ) as context:
        context.request.namespace = "/community"  # type: ignore[attr-defined]
        log.info("an event")
    (event,) = lines.parsed()
    assert event["socket"] == "/community" and not FACTS & set(event)
