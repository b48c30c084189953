"""A plain head means to us what it means to the standard library; any other is read by it."""

from __future__ import annotations

import io
from http.server import BaseHTTPRequestHandler
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.server.heads import QuickHeads


def read(kind: type[BaseHTTPRequestHandler], data: bytes) -> dict[str, Any]:
    """What a handler makes of the first request in ``data``, and what it leaves unread."""
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
    found = {"read": handler.parse_request()}
    for name in ("command", "path", "request_version", "close_connection", "requestline"):
        found[name] = getattr(handler, name, None)
    headers = getattr(handler, "headers", None)
    found["headers"] = headers is not None and [
        (name, value.strip(" \t")) for name, value in headers.items()
    ]
    found["type"] = headers is not None and headers.get_content_type()
    return found | {"left": reader.read(), "said": handler.wfile.getvalue()}


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
    data = end.join([first, *lines, "", ""]).encode("latin-1") + body
    assert read(Quick, data) == read(Plain, data)


@pytest.mark.parametrize("count", [99, 100, 101])
def test_there_are_not_more_headers_than_the_standard_library_takes(count: int) -> None:
    data = b"GET / HTTP/1.1\r\n" + b"A: b\r\n" * count + b"\r\n"
    assert read(Quick, data) == read(Plain, data)


def test_plain_heads_are_read_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    def never(self: object) -> bool:
        raise AssertionError("read line by line")

    monkeypatch.setattr(BaseHTTPRequestHandler, "parse_request", never)
    data = b"POST /a HTTP/1.1\r\nHost: here\r\nContent-Length: 2\r\n\r\n{}"
    assert read(Quick, data)["left"] == b"{}"
