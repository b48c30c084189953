"""Bodies are whole before the application begins."""

from __future__ import annotations

import io
import json
from typing import Any

import eventlet.wsgi
import pytest
from gevent import pywsgi
from gunicorn.config import Config
from gunicorn.http.parser import RequestParser
from hypothesis import given
from hypothesis import strategies as st

from app.server.connections import ENVIRON_KEY
from app.server.green import Lines
from app.server.served import Served

MOST = 16
# JSON that says something in 16 bytes, and ways to send it in chunks: each is read, or refused.
JSON = b'{"user_id": 404}'
READ = {
    "one chunk": b"10\r\n%s\r\n0\r\n\r\n" % JSON,
    "zeros before": b"00010\r\n%s\r\n000\r\n\r\n" % JSON,
    "capital letters": b"6\r\n%s\r\nA\r\n%s\r\n0\r\n\r\n" % (JSON[:6], JSON[6:]),
    "small letters": b"a\r\n%s\r\n6\r\n%s\r\n0\r\n\r\n" % (JSON[:10], JSON[10:]),
    "a byte a chunk": b"".join(b"1\r\n%c\r\n" % one for one in JSON) + b"0\r\n\r\n",
    "extensions": b'10 ;a; b = "c;d"\r\n%s\r\n0;last\r\n\r\n' % JSON,
    "trailers": b"10\r\n%s\r\n0\r\nX-A: b\r\nContent-Length: 5\r\n\r\n" % JSON,
}
REFUSED = {
    **{
        f"the size {size!r}": b"%s\r\n%s\r\n0\r\n\r\n" % (size, JSON)
        for size in (
            *(
                b"+10",
                b"-10",
                b"0x10",
                b"1_0",
                b" 10",
                b"10 ",
                b"\t10",
                b"10\t",
                b"10,",
                b"10\0",
                b"",
            ),
            *(b"1g", b"\xb2", b"10\v", b"1 0", b"10\r", b";a", b"-0", b"10;\x01", b"10;a\rb"),
        )
    },
    "a line feed after the size": b"10\n%s\r\n0\r\n\r\n" % JSON,
    "a line feed in an extension": b"10;a\nb\r\n%s\r\n0\r\n\r\n" % JSON,
    "a line feed after the data": b"10\r\n%s\n0\r\n\r\n" % JSON,
    "a carriage return after the data": b"10\r\n%s\r0\r\n\r\n" % JSON,
    "nothing after the data": b"10\r\n%s0\r\n\r\n" % JSON,
    "two bytes after the data": b"10\r\n%sab0\r\n\r\n" % JSON,
    "an empty line before the size": b"\r\n10\r\n%s\r\n0\r\n\r\n" % JSON,
    "more data": b"f\r\n%s\r\n0\r\n\r\n" % JSON,
    "a negative chunk between": b"8\r\n%s\r\n-8\r\n8\r\n%s\r\n0\r\n\r\n" % (JSON[:8], JSON[8:]),
    "a line feed at the end": b"10\r\n%s\r\n0\r\n\n" % JSON,
    "a line feed after the last size": b"10\r\n%s\r\n0\n\r\n" % JSON,
    "a trailer without a colon": b"10\r\n%s\r\n0\r\nX-A\r\n\r\n" % JSON,
    "a trailer that goes on": b"10\r\n%s\r\n0\r\nX-A: b\r\n c\r\n\r\n" % JSON,
    "a trailer with a blank": b"10\r\n%s\r\n0\r\nX-A : b\r\n\r\n" % JSON,
    "trailers without end": b"10\r\n%s\r\n0\r\n%s\r\n" % (JSON, b"X-A: b\r\n" * 200),
}

# What RFC 9112 lets a server read, and allows it to refuse.
LONG_SIZES = {
    "zeros": b"%s10\r\n%s\r\n0\r\n\r\n" % (b"0" * 17, JSON),
    "more zeros than a line may have": b"%s10\r\n%s\r\n0\r\n\r\n" % (b"0" * 9_000, JSON),
    "a long extension": b"10;%s\r\n%s\r\n0\r\n\r\n" % (b"a" * 9_000, JSON),
}


class Fake:
    """What ``read_body`` asks of a connection."""

    def __init__(self, late: bool) -> None:
        self.late, self.is_websocket = late, False
        self.phases: list[str] = []

    def __getattr__(self, name: str) -> Any:
        return lambda *_: self.phases.append(name)


def ask(body: Any, late: bool = False, **environ: Any) -> tuple[str, list[str], dict[str, Any]]:
    """The status, what the connection was told, and what the application saw, or was answered."""
    seen: dict[str, Any] = {}
    connection = Fake(late)
    status: list[str] = []

    def application(environ: dict[str, Any], start: Any) -> list[bytes]:
        seen.update(environ, read=environ["wsgi.input"].read())
        start("200 OK", [])
        return []

    answer = Served(application, MOST)(
        {"wsgi.input": body, ENVIRON_KEY: connection} | environ,
        lambda found, headers: status.append(found),
    )
    said = b"".join(answer)
    return status[0], connection.phases, json.loads(said) if said else seen


def of_eventlet(sent: io.BytesIO) -> Any:
    """What eventlet gives its application to read chunks from."""
    return eventlet.wsgi.Input(Lines(sent), None, None, chunked_input=True)


def of_gevent(sent: io.BytesIO) -> Any:
    return pywsgi.Input(sent, None, None, chunked_input=True)


def of_gunicorn(sent: io.BytesIO) -> Any:
    head = b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
    pieces = iter([head, sent.read()])
    return next(RequestParser(Config(), pieces, ("192.0.2.1", 1))).body


SERVERS = pytest.mark.parametrize("server", [of_eventlet, of_gevent, of_gunicorn])


def test_a_body_is_read_before_the_application_begins() -> None:
    status, phases, seen = ask(io.BytesIO(b"0123456789"), CONTENT_LENGTH="10")
    assert (status, seen["read"]) == ("200 OK", b"0123456789")
    assert phases == ["begin_body", "begin_answer"]


@SERVERS
@pytest.mark.parametrize("chunks", READ.values(), ids=READ)
def test_chunks_become_a_body_of_known_length_and_are_the_last_of_their_connection(
    chunks: bytes, server: Any
) -> None:
    # A trailer, and blanks before an extension, that one of them refuses.
    chunks = chunks.replace(b"Content-Length", b"X-B") if server is of_gunicorn else chunks
    chunks = chunks.replace(b"10 ;a", b"10;a") if server is of_gevent else chunks
    status, phases, seen = ask(server(io.BytesIO(chunks)), HTTP_TRANSFER_ENCODING="chunked")
    assert (status, seen["read"], seen["CONTENT_LENGTH"]) == ("200 OK", JSON, "16")
    assert "HTTP_TRANSFER_ENCODING" not in seen and "read_no_more" in phases


@SERVERS
@given(
    chunks=st.lists(st.binary(min_size=1), max_size=16).filter(
        lambda them: len(b"".join(them)) <= MOST
    )
)
def test_chunks_of_any_sizes_are_read_to_their_end(server: Any, chunks: list[bytes]) -> None:
    sent = io.BytesIO(b"".join(b"%x\r\n%s\r\n" % (len(one), one) for one in [*chunks, b""]))
    _, _, seen = ask(server(sent), HTTP_TRANSFER_ENCODING="chunked")
    assert seen["read"] == b"".join(chunks)


@SERVERS
@pytest.mark.parametrize("chunks", REFUSED.values(), ids=REFUSED)
def test_chunks_that_a_proxy_could_read_in_another_way_end_their_connection(
    chunks: bytes, server: Any
) -> None:
    status, phases, _ = ask(server(io.BytesIO(chunks)), HTTP_TRANSFER_ENCODING="chunked")
    assert "read_no_more" in phases
    # The other libraries forgive some of them.
    assert server is not of_gunicorn or status == "400 Bad Request"


@SERVERS
@pytest.mark.parametrize("chunks", LONG_SIZES.values(), ids=LONG_SIZES)
def test_chunks_whose_sizes_take_long_are_refused_or_read_as_they_are(
    chunks: bytes, server: Any
) -> None:
    status, _, seen = ask(server(io.BytesIO(chunks)), HTTP_TRANSFER_ENCODING="chunked")
    assert status == "400 Bad Request" or seen["read"] == JSON


@SERVERS
def test_no_more_is_read_of_chunks_than_a_body_may_have(server: Any) -> None:
    sent = io.BytesIO(b"f\r\n%s\r\n" % bytes(15) * 3 + b"0\r\n\r\n")
    _, phases, seen = ask(server(sent), HTTP_TRANSFER_ENCODING="chunked")
    assert seen["CONTENT_LENGTH"] == "17" and "read_no_more" in phases


@pytest.mark.parametrize("length", ["many", "-1", "0", ""])
def test_no_body_is_waited_for_where_there_is_none(length: str) -> None:
    _, phases, seen = ask(io.BytesIO(b"x"), CONTENT_LENGTH=length)
    assert (seen["read"], seen["CONTENT_LENGTH"], phases) == (b"x", length, ["begin_answer"])


def test_a_body_that_says_that_it_is_too_long_is_left_to_the_application_for_so_long() -> None:
    _, phases, seen = ask(io.BytesIO(b"x"), CONTENT_LENGTH="17")
    assert (seen["read"], phases) == (b"x", ["begin_body"])


@pytest.mark.parametrize(
    ("late", "expected"), [(True, "408 Request Timeout"), (False, "400 Bad Request")]
)
@pytest.mark.parametrize("coding", [{}, {"HTTP_TRANSFER_ENCODING": "chunked"}])
def test_a_body_that_is_not_there_in_time_or_ends_early_never_reaches_the_application(
    late: bool, expected: str, coding: dict[str, str]
) -> None:
    body = of_eventlet(io.BytesIO(b"9\r\nx")) if coding else io.BytesIO(b"x")
    status, phases, answer = ask(body, late, CONTENT_LENGTH="10", **coding)
    assert status == expected and answer["status"] == int(expected[:3])
    assert phases[0] == "begin_body" and phases[-1] == "read_no_more"


def test_lines_between_chunks_are_no_way_to_fill_memory() -> None:
    endless = b"1;" + b"x" * 1_000_000
    status, phases, _ = ask(of_eventlet(io.BytesIO(endless)), HTTP_TRANSFER_ENCODING="chunked")
    assert status == "400 Bad Request" and "read_no_more" in phases
    pieces = b"1;%s\r\nx\r\n" % (b"x" * 4_000) * 20
    status, phases, _ = ask(of_eventlet(io.BytesIO(pieces)), HTTP_TRANSFER_ENCODING="chunked")
    assert status == "400 Bad Request" and "read_no_more" in phases
