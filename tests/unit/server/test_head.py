"""A head that somebody else could read in another way is refused, by each of the servers."""

from __future__ import annotations

import io
from http.client import parse_headers

import pytest
from gunicorn.config import Config
from gunicorn.http.parser import RequestParser

from app.server.head import BadHead, check_head

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


# Where the reader of the standard library shows two lines.
UNSEEN = {"a carriage return", "another end of a line"}
SEEN = [pytest.param(*found, id=name) for name, found in AMBIGUOUS.items() if name not in UNSEEN]


def check(head: str, version: str = "HTTP/1.1") -> None:
    """What eventlet and gevent do with the lines after the first."""
    check_head(version, parse_headers(io.BytesIO(head.encode("latin-1"))))


@pytest.mark.parametrize(("lines", "status"), SEEN)
def test_what_could_be_read_in_two_ways_is_refused(lines: str, status: int) -> None:
    with pytest.raises(BadHead) as fault:
        check(f"Host: here\r\n{lines}\r\n\r\n")
    assert fault.value.status == status


@pytest.mark.parametrize(
    "lines", ["From me: x", "From me: x\r\nX-A: b", "X-A: b\r\nFrom me: x", "a b: c", "\xe9: c"]
)
def test_a_line_that_a_reader_of_mails_would_leave_out_is_no_header(lines: str) -> None:
    with pytest.raises(BadHead):
        check(f"{lines}\r\nHost: here\r\n\r\n")
    with pytest.raises(BadHead):
        check(f"Host: here\r\n{lines}\r\n\r\n")


@pytest.mark.parametrize(
    "lines", ["Content-Length: 5", "Transfer-Encoding: Chunked", "X-A:", "X-A: \xe9\t b"]
)
def test_what_is_plain_passes(lines: str) -> None:
    check(f"Host: here\r\n{lines}\r\n\r\n")


def test_every_request_says_for_whom_it_is() -> None:
    with pytest.raises(BadHead):
        check("Accept: */*\r\n\r\n")
    check("\r\n", "HTTP/1.0")
    for lines in ("Host: a\r\nHost: b", "Transfer-Encoding: chunked"):
        with pytest.raises(BadHead):
            check(f"{lines}\r\n\r\n", "HTTP/1.0")


@pytest.mark.parametrize(("called", "lines"), [(one, AMBIGUOUS[one][0]) for one in AMBIGUOUS])
def test_gunicorn_refuses_them_by_itself(called: str, lines: str) -> None:
    head = f"POST / HTTP/1.1\r\nHost: here\r\n{lines}\r\n\r\n".encode("latin-1")
    messages = RequestParser(Config(), iter([head]), ("192.0.2.1", 1))
    if called == "gzip first":
        assert next(messages).should_close()  # and ``read_body`` refuses it
        return
    with pytest.raises(Exception) as fault:
        next(messages)
    assert type(fault.value).__module__ == "gunicorn.http.errors"
