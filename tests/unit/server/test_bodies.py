"""Bodies are whole before the application begins."""

from __future__ import annotations

import io
import json
from typing import Any

import pytest

from app.server.connections import ENVIRON_KEY, TooSlow
from app.server.served import Served

MOST = 10


class Fake:
    """What ``read_body`` asks of a connection."""

    def __init__(self) -> None:
        self.phases: list[str] = []

    def __getattr__(self, name: str) -> Any:
        return lambda: self.phases.append(name)


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

    answer = Served(application, MOST)(
        {"wsgi.input": body, ENVIRON_KEY: connection, **environ},
        lambda found, headers: status.append(found),
    )
    said = b"".join(answer)
    return status[0], connection.phases, json.loads(said) if said else seen


def test_a_body_is_read_before_the_application_begins() -> None:
    status, phases, seen = ask(io.BytesIO(b"0123456789"), CONTENT_LENGTH="10")
    assert (status, seen["read"]) == ("200 OK", b"0123456789")
    assert phases == ["begin_body", "begin_answer"]


def test_chunks_become_a_body_of_known_length() -> None:
    _, _, seen = ask(io.BytesIO(b"01234"), HTTP_TRANSFER_ENCODING="chunked")
    assert (seen["read"], seen["CONTENT_LENGTH"]) == (b"01234", "5")
    assert "HTTP_TRANSFER_ENCODING" not in seen


def test_chunks_without_end_are_read_as_far_as_shows_that_they_are_too_many() -> None:
    body = io.BytesIO(bytes(1000))
    _, phases, seen = ask(body, HTTP_TRANSFER_ENCODING="chunked")
    assert seen["CONTENT_LENGTH"] == "11" and "read_no_more" in phases


@pytest.mark.parametrize("length", ["11", "many", "-1", "0", ""])
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
