"""A plain head means to us what it means to the standard library; any other is read by it, or
refused because somebody else could read it in another way.
"""

from __future__ import annotations

import io
from http.server import BaseHTTPRequestHandler
from types import SimpleNamespace
from typing import Any

import eventlet.wsgi
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.server.connections import ENVIRON_KEY, READER_KEY
from app.server.green import Protocol
from app.server.heads import QuickHeads


def handler_of(kind: type[BaseHTTPRequestHandler], data: bytes) -> Any:
    """A handler that has read the first line of ``data``."""
    handler = kind.__new__(kind)
    reader = io.BufferedReader(io.BytesIO(data))  # type: ignore[arg-type]
    handler.rfile = reader
    handler.reader = reader  # type: ignore[attr-defined]
    handler.wfile = io.BytesIO()
    handler.protocol_version = "HTTP/1.1"
    handler.client_address = ("192.0.2.1", 1)
    handler.log_message = lambda *_: None  # type: ignore[method-assign]
    handler.date_time_string = lambda *_: "now"  # type: ignore[method-assign]
    handler.raw_requestline = reader.readline(65537)
    return handler


def read(kind: type[BaseHTTPRequestHandler], data: bytes) -> dict[str, Any]:
    """A handler's reading of the first request in ``data``, and the bytes that it leaves unread."""
    handler = handler_of(kind, data)
    found = {"read": handler.parse_request()}
    for name in ("command", "path", "request_version", "close_connection", "requestline"):
        found[name] = getattr(handler, name, None)
    headers = getattr(handler, "headers", None)
    found["headers"] = headers is not None and [
        (name, value.strip(" \t")) for name, value in headers.items()
    ]
    return found | {"left": handler.rfile.read(), "said": handler.wfile.getvalue()}


class Plain(BaseHTTPRequestHandler):
    """The standard library's own."""


class Quick(QuickHeads, BaseHTTPRequestHandler):
    """Ours."""


NAMES = st.sampled_from(
    ["Host", "connection", "Expect", "X-A", "Content-Type", "a b", "x_y", "", "é"]
)
VALUES = st.one_of(
    st.sampled_from(
        ["close", "keep-alive", "Keep-Alive", "100-continue", "text/html; a=b", " x ", ""]
    ),
    st.text(st.characters(max_codepoint=255), max_size=8),
)
LINES = st.one_of(
    st.tuples(NAMES, st.sampled_from([":", ": ", " : ", ":\t", ""]), VALUES).map("".join),
    st.sampled_from([" goes on", "\tgoes on", "no colon", "From me: x"]),
)
FIRST = st.one_of(
    st.just("GET /a?b=c HTTP/1.1"),
    st.tuples(
        st.sampled_from(["GET", "POST", "get", "G-T", ""]),
        st.sampled_from([" ", "  ", "\t"]),
        st.sampled_from(["/", "//a", "/a b", "a", "*", "/é", "http://a/b", "/a%20"]),
        st.sampled_from([" HTTP/1.1", " HTTP/1.0", " HTTP/2.0", "", " HTTP/01.1"]),
    ).map("".join),
)


@given(FIRST, st.lists(LINES, max_size=6), st.sampled_from(["\r\n", "\n"]), st.binary(max_size=9))
def test_both_read_the_same(first: str, lines: list[str], end: str, body: bytes) -> None:
    data = end.join([first, "Host: here", *lines, "", ""]).encode("latin-1") + body
    ours, theirs = read(Quick, data), read(Plain, data)
    if b"A line of the head is no header." in ours["said"] or b"one Host" in ours["said"]:
        # A line that is no header for us is one without a name, or one of two, for it.
        assert theirs["read"] and not ours["read"] and ours["close_connection"]
        assert lines
    else:
        assert ours == theirs


AMBIGUOUS = {
    "a blank before the colon": ("Content-Length : 5", 400),
    "a tab before the colon": ("Content-Length\t: 5", 400),
    "a line without a colon": ("nothing", 400),
    "a line that goes on": ("X-A: b\r\n Content-Length: 5", 400),
    "a carriage return": ("X-A: b\rContent-Length: 5", 400),
    "another end of a line": ("X-A: b\nContent-Length: 5", 400),
    "a zero byte": ("X-A: \0", 400),
    "an empty name": (": 5", 400),
    "a name in brackets": ("(Content-Length): 5", 400),
    "two lengths": ("Content-Length: 0\r\nContent-Length: 5", 400),
    "a length twice": ("Content-Length: 5\r\nContent-Length: 5", 400),
    "a list of lengths": ("Content-Length: 5, 5", 400),
    "an underscore": ("Content-Length: 1_0", 400),
    "a plus": ("Content-Length: +2", 400),
    "a minus": ("Content-Length: -2", 400),
    "a hexadecimal length": ("Content-Length: 0x5", 400),
    "digits of another script": ("Content-Length: \xb2", 400),
    "no length": ("Content-Length:", 400),
    "a length that no integer holds": (f"Content-Length: {'9' * 5000}", 400),
    "length and coding": ("Content-Length: 5\r\nTransfer-Encoding: chunked", 400),
    "two codings": ("Transfer-Encoding: chunked\r\nTransfer-Encoding: identity", 400),
    "chunked twice": ("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked", 400),
    "gzip first": ("Transfer-Encoding: gzip, chunked", 501),
    "identity": ("Transfer-Encoding: identity", 501),
    "an unknown coding": ("Transfer-Encoding: xchunked", 501),
    "a quoted coding": ('Transfer-Encoding: "chunked"', 501),
    "a second host": ("Host: evil.example", 400),
}


@pytest.mark.parametrize(("lines", "status"), AMBIGUOUS.values(), ids=AMBIGUOUS)
def test_what_could_be_read_in_two_ways_is_refused(lines: str, status: int) -> None:
    head = f"POST / HTTP/1.1\r\nHost: here\r\n{lines}\r\n\r\n"
    found = read(Quick, head.encode("latin-1") + b"GET /")
    assert not found["read"] and found["close_connection"]
    assert found["said"].startswith(b"HTTP/1.1 %d" % status)


def test_every_request_says_for_whom_it_is() -> None:
    assert not read(Quick, b"GET / HTTP/1.1\r\nAccept: */*\r\n\r\n")["read"]
    assert not read(Quick, b"GET / HTTP/1.1\r\nExpect: \r\n\r\n")["read"]
    assert read(Quick, b"GET / HTTP/1.0\r\n\r\n")["read"]
    two = b"GET / HTTP/1.0\r\nHost: a\r\nHost: b\r\n\r\n"
    assert not read(Quick, two)["read"]
    coded = b"POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n"
    assert not read(Quick, coded)["read"]


def test_a_head_that_ends_early_is_no_request() -> None:
    assert not read(Quick, b"GET / HTTP/1.1\r\nHost: here\r\n")["read"]


@pytest.mark.parametrize("count", [99, 100, 101])
def test_there_are_not_more_headers_than_the_standard_library_takes(count: int) -> None:
    data = b"GET / HTTP/1.1\r\nHost: here\r\n" + b"A: b\r\n" * (count - 1) + b"\r\n"
    assert read(Quick, data) == read(Plain, data)


def test_plain_heads_are_read_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    def never(self: object) -> bool:
        raise AssertionError("read line by line")

    monkeypatch.setattr(BaseHTTPRequestHandler, "parse_request", never)
    data = b"POST /a HTTP/1.1\r\nHost: here\r\nContent-Length: 2\r\n\r\n{}"
    assert read(Quick, data)["left"] == b"{}"


def environ_of(kind: type[BaseHTTPRequestHandler], data: bytes) -> dict[str, Any] | None:
    """The environment that a handler of eventlet makes; None: it refuses the request."""
    handler = handler_of(kind, data)
    handler.connection = handler.request = ATTACHED
    handler.server = SERVER
    handler.admitted, handler._lasting = "the connection", None
    if not handler.parse_request():
        return None
    environ: dict[str, Any] = handler.get_environ()
    del environ["eventlet.set_idle"]
    for key in (ENVIRON_KEY, READER_KEY):
        environ.pop(key, None)
    body = environ.pop("wsgi.input")
    assert environ.pop("eventlet.input") is body
    kept = ("content_length", "chunked_input", "should_send_hundred_continue", "wfile_line")
    return environ | {name: getattr(body, name) for name in kept}


ATTACHED = SimpleNamespace(getsockname=lambda: ("192.0.2.9", 80))
SERVER = eventlet.wsgi.Server(ATTACHED, ("192.0.2.9", 80), None, log_output=False)


@given(
    st.sampled_from(["/a%20b?c=%20", "/%", "/a?", "/?b?c", "/", "/a#b"]),
    st.lists(LINES, max_size=6),
    st.sampled_from(["", "Content-Length: 2\r\n", "Transfer-Encoding: Chunked\r\n"]),
)
def test_eventlets_environ_says_the_same(path: str, lines: list[str], length: str) -> None:
    head = "\r\n".join([f"POST {path} HTTP/1.1", "Host: here", *lines, f"{length}\r\n"])
    data = head.encode("latin-1")
    ours = environ_of(Protocol, data)
    assert lines if ours is None else ours == environ_of(eventlet.wsgi.HttpProtocol, data)
