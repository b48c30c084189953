"""An answer that is put together at once says what eventlet's own would say."""

from __future__ import annotations

import http.client
import io
import json
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from types import SimpleNamespace
from typing import Any

import eventlet.wsgi
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.server.green import Protocol
from app.server.heads import PlainHeaders
from app.server.quick_answers import AT_ONCE, QuickAnswer
from yoto.request import REQUEST_ID_KEY

SERVER = SimpleNamespace(keepalive=True, log_output=False, debug=False, log=SimpleNamespace())
SERVER.log.info = lambda *_: None
HEADERS = st.lists(
    st.tuples(
        st.sampled_from(["X-A", "Date", "Set-Cookie", "x-a"]),
        st.text(st.characters(min_codepoint=32, max_codepoint=255, exclude_characters="\x7f")),
    ),
    max_size=4,
)
PIECES = st.lists(st.binary(max_size=8) | st.sampled_from([b"x" * AT_ONCE, b"y" * 3_000]))


def sent_by(
    handle: Callable[[Any], None],
    command: str,
    connection: str | None,
    application: Any,
    more: Sequence[tuple[str, str]] = (),
) -> tuple[bytes, bool]:
    """All that a handler sends for one request, and whether it ends the connection then."""
    handler: Any = Protocol.__new__(Protocol)
    sent = io.BytesIO()
    pairs = [("Host", "here"), *more]
    pairs += [] if connection is None else [("Connection", connection)]
    handler.headers = PlainHeaders(pairs)
    handler.server, handler.application, handler.command = SERVER, application, command
    handler.wfile = sent
    handler.admitted = SimpleNamespace(write=sent.write, ends=False)
    handler.request_version = "HTTP/1.1"
    handler.close_connection = connection == "close"
    handler.capitalize_response_headers = False
    unread = SimpleNamespace(
        should_send_hundred_continue=False, chunked_input=False, position=0, content_length=0
    )
    handler.environ = {"eventlet.input": unread, "eventlet.posthooks": []}
    handler.environ["admitted"] = handler.admitted
    handle(handler)
    return sent.getvalue(), bool(handler.close_connection)


def read(data: bytes, command: str) -> tuple[Any, ...]:
    """An answer as a client reads it, and what is left."""
    answer = http.client.HTTPResponse(_Sent(data), method=command)  # type: ignore[arg-type]
    answer.begin()
    headers = [(name, value) for name, value in answer.getheaders() if name != "Date"]
    body = answer.read()
    return answer.version, answer.status, answer.reason, headers, body


class _Sent:
    def __init__(self, data: bytes) -> None:
        self._data = data

    def makefile(self, _: str) -> io.BytesIO:
        return io.BytesIO(self._data)


@given(
    st.sampled_from(["GET", "HEAD"]),
    st.sampled_from([None, "close", "keep-alive"]),
    st.sampled_from(["200 OK", "204 No Content", "304 Not Modified", "404 Not Found"]),
    HEADERS,
    PIECES,
    st.booleans(),
)
def test_both_send_the_same(
    command: str,
    connection: str | None,
    status: str,
    headers: list[tuple[str, str]],
    pieces: list[bytes],
    measured: bool,
) -> None:
    bodiless = command == "HEAD" or status[:3] in ("204", "304")
    body = [] if bodiless else pieces

    def application(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterator[bytes]:
        length = [("Content-Length", str(sum(map(len, body))))] if measured else []
        start_response(status, [*headers, *length])
        yield from body

    ours, closes = sent_by(Protocol.handle_one_response, command, connection, application)
    theirs, theirs_closes = sent_by(
        eventlet.wsgi.HttpProtocol.handle_one_response, command, connection, application
    )
    assert read(ours, command) == read(theirs, command)
    assert closes == theirs_closes
    assert len(re.findall(rb"\r\nDate: ", ours)) == len(re.findall(rb"\r\nDate: ", theirs))


def test_an_answer_that_breaks_off_ends_the_connection() -> None:
    closed = []

    class Body(Iterable[bytes]):
        def __iter__(self) -> Iterator[bytes]:
            yield b"x" * AT_ONCE
            raise RuntimeError("no more")

        def close(self) -> None:
            closed.append(True)

    def application(environ: dict[str, Any], start_response: Callable[..., Any]) -> Body:
        start_response("200 OK", [])
        return Body()

    sent, closes = sent_by(Protocol.handle_one_response, "GET", None, application)
    assert closes and closed == [True]
    with pytest.raises(http.client.IncompleteRead):
        read(sent, "GET")


def test_an_answer_that_fails_before_anything_was_sent_is_a_problem() -> None:
    def application(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterator[bytes]:
        start_response("200 OK", [("Content-Length", "4")])
        yield b"ab"
        environ[REQUEST_ID_KEY] = "the one in the log"
        raise RuntimeError("no more")

    sent, closes = sent_by(Protocol.handle_one_response, "GET", "keep-alive", application)
    _, status, _, headers, body = read(sent, "GET")
    assert (status, closes) == (500, True)
    assert [value for name, value in headers if name == "Connection"] == ["close"]
    assert json.loads(body)["request_id"] == "the one in the log"


@pytest.mark.parametrize("connection", [None, "keep-alive"])
@pytest.mark.parametrize("more", [[], [("Transfer-Encoding", "identity")]], ids=["plain", "more"])
def test_who_is_asked_to_stop_while_a_view_runs_says_that_the_connection_ends(
    connection: str | None, more: list[tuple[str, str]]
) -> None:
    def application(environ: dict[str, Any], start_response: Callable[..., Any]) -> list[bytes]:
        environ["admitted"].ends = True
        start_response("200 OK", [("Content-Length", "4")])
        return [b"done"]

    sent, closes = sent_by(Protocol.handle_one_response, "GET", connection, application, more)
    headers = read(sent, "GET")[3]
    assert [value for name, value in headers if name == "Connection"] == ["close"]
    assert closes


def test_a_small_answer_is_one_piece() -> None:
    sent: list[bytes] = []
    answer = QuickAnswer(sent.append, "GET", str)
    answer.start("200 OK", [("Content-Length", "4"), ("Date", "now")])
    for piece in (b"ab", b"", b"cd"):
        answer.write(piece)
    answer.end()
    assert sent == [b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\nDate: now\r\n\r\nabcd"]
