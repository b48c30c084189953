"""Errors that no layer of the application caught."""

from __future__ import annotations

import json
import logging
import socket
from collections.abc import Iterator
from typing import Any

import pytest

from app.server.connections import ENVIRON_KEY, ConnectionLimits, Connections
from app.server.served import Served
from yoto.request import REQUEST_ID_KEY

LOGGER = "app.server.served"


class Server:
    """Takes the head of an answer."""

    status = ""
    headers: dict[str, str]

    def start(self, status: str, headers: list[tuple[str, str]]) -> None:
        self.status, self.headers = status, dict(headers)


def environ() -> dict[str, Any]:
    return {"REQUEST_METHOD": "POST", "PATH_INFO": "/api/v1/roles", REQUEST_ID_KEY: "abc"}


def test_an_error_around_the_application_is_a_problem_and_a_line_with_the_request_s_id(
    caplog: pytest.LogCaptureFixture,
) -> None:
    def broken(*_: Any) -> Any:
        raise RuntimeError("the layer is broken")

    server = Server()
    body = json.loads(b"".join(Served(broken, 0)(environ(), server.start)))
    assert server.status.startswith("500") and server.headers["X-Request-ID"] == "abc"
    assert server.headers["Content-Type"] == "application/problem+json"
    assert server.headers["X-Frame-Options"] == "DENY"
    assert body["type"] == "urn:yoto:problem:internal-error" and body["request_id"] == "abc"
    (line,) = caplog.records
    assert vars(line)["request_id"] == "abc" and vars(line)["path"] == "/api/v1/roles"
    assert line.exc_info is not None and "layer" in str(line.exc_info[1])


def test_an_answer_that_breaks_off_is_logged_and_cut(caplog: pytest.LogCaptureFixture) -> None:
    def half(*_: Any) -> Iterator[bytes]:
        yield b"one"
        raise RuntimeError("no more")

    body = iter(Served(half, 0)(environ(), Server().start))
    assert next(body) == b"one"
    with pytest.raises(RuntimeError):
        next(body)
    assert [vars(one)["request_id"] for one in caplog.records] == ["abc"]


def test_what_fails_after_an_answer_takes_nothing_back(caplog: pytest.LogCaptureFixture) -> None:
    class Body(list[bytes]):
        def close(self) -> None:
            raise RuntimeError("close failed")

    body = Served(lambda *_: Body([b"all"]), 0)(environ(), Server().start)
    assert list(body) == [b"all"]
    body.close()
    (line,) = caplog.records
    assert line.levelno == logging.ERROR and vars(line)["request_id"] == "abc"


def test_no_answer_is_written_into_a_websocket_that_fails(
    caplog: pytest.LogCaptureFixture,
) -> None:
    def broken(environ: dict[str, Any], start: Any) -> Any:
        environ[ENVIRON_KEY].begin_websocket()
        raise IndexError("an empty packet")

    client, end = socket.socketpair()
    with client, end:
        limits = ConnectionLimits(most=1, of_one=1, head=1.0, body=1.0, keep_alive=1.0)
        connection = Connections(limits).admit(end, "192.0.2.1")
        Served(broken, 0)(environ() | {ENVIRON_KEY: connection}, Server().start)
        assert client.recv(1) == b""
    assert [one.levelname for one in caplog.records if one.levelno > logging.DEBUG] == ["WARNING"]
