"""Bodies are whole before the application begins."""

from __future__ import annotations

import io
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.server.connections import ENVIRON_KEY, READER_KEY, TooSlow
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
            *(b"0" * 17 + b"10", b"10;" + b"a" * 9_000, b"0" * 9_000 + b"10"),
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


class Fake:
    """A connection that notes its phases."""

    def __init__(self) -> None:
        self.phases: list[str] = []

    def __getattr__(self, name: str) -> Any:
        return lambda: self.phases.append(name)


class Chunks(io.BytesIO):
    """A body's stream, for the server and the application alike."""

    chunk_length = -1


class Slow(io.BytesIO):
    def read(self, size: int | None = -1) -> bytes:
        raise TooSlow("the body")


def ask(body: io.BytesIO, **environ: Any) -> tuple[str, list[str], dict[str, Any]]:
    """The status, what the connection was told, and what the application saw, or was answered."""
    seen: dict[str, Any] = {}
    connection = Fake()
    status: list[str] = []

    def application(environ: dict[str, Any], start: Any) -> list[bytes]:
        seen.update(environ, read=environ["wsgi.input"].read())
        start("200 OK", [])
        return []

    given = {"wsgi.input": body, READER_KEY: body, ENVIRON_KEY: connection}
    answer = Served(application, MOST)(
        given | environ,
        lambda found, headers: status.append(found),
    )
    said = b"".join(answer)
    return status[0], connection.phases, json.loads(said) if said else seen


def test_a_body_is_read_before_the_application_begins() -> None:
    status, phases, seen = ask(io.BytesIO(b"0123456789"), CONTENT_LENGTH="10")
    assert (status, seen["read"]) == ("200 OK", b"0123456789")
    assert phases == ["begin_body", "begin_answer"]


@pytest.mark.parametrize("chunks", READ.values(), ids=READ)
def test_chunks_become_a_body_of_known_length(chunks: bytes) -> None:
    sent = Chunks(chunks + b"GET")
    status, _, seen = ask(sent, HTTP_TRANSFER_ENCODING="chunked")
    assert (status, seen["read"], seen["CONTENT_LENGTH"]) == ("200 OK", JSON, "16")
    assert "HTTP_TRANSFER_ENCODING" not in seen
    # The next request, of which the server's library looks for nothing.
    assert sent.read() == b"GET" and sent.chunk_length == 0


@given(
    st.lists(st.binary(min_size=1), max_size=16).filter(lambda them: len(b"".join(them)) <= MOST)
)
def test_chunks_of_any_sizes_are_read_to_their_end(chunks: list[bytes]) -> None:
    sent = Chunks(b"".join(b"%x\r\n%s\r\n" % (len(one), one) for one in [*chunks, b""]) + b"GET")
    _, _, seen = ask(sent, HTTP_TRANSFER_ENCODING="chunked")
    assert (seen["read"], sent.read()) == (b"".join(chunks), b"GET")


@pytest.mark.parametrize("chunks", REFUSED.values(), ids=REFUSED)
def test_chunks_that_a_proxy_could_read_in_another_way_are_refused(chunks: bytes) -> None:
    status, phases, _ = ask(Chunks(chunks), HTTP_TRANSFER_ENCODING="chunked")
    assert (status, "read_no_more" in phases) == ("400 Bad Request", True)


@pytest.mark.parametrize(
    "chunks", [b"11\r\n", b"f" * 16 + b"\r\n", b"f\r\n%s\r\n2\r\n" % bytes(15)]
)
def test_chunks_are_read_as_far_as_they_say_that_they_are_too_many(chunks: bytes) -> None:
    _, phases, seen = ask(Chunks(chunks), HTTP_TRANSFER_ENCODING="chunked")
    assert seen["CONTENT_LENGTH"] == "17" and "read_no_more" in phases


@pytest.mark.parametrize("length", ["17", "many", "-1", "0", ""])
def test_a_body_that_is_none_or_says_that_it_is_too_long_is_left_to_the_application(
    length: str,
) -> None:
    _, phases, seen = ask(io.BytesIO(b"x"), CONTENT_LENGTH=length)
    assert (seen["read"], seen["CONTENT_LENGTH"], phases) == (b"x", length, ["begin_answer"])


@pytest.mark.parametrize(
    ("body", "expected"), [(Slow(), "408 Request Timeout"), (io.BytesIO(b"x"), "400 Bad Request")]
)
def test_a_body_that_is_not_there_in_time_or_ends_early_never_reaches_the_application(
    body: io.BytesIO, expected: str
) -> None:
    status, phases, answer = ask(body, CONTENT_LENGTH="10")
    assert status == expected and answer["status"] == int(expected[:3])
    assert phases == ["begin_body", "read_no_more", "begin_answer"]
