"""Following several streams by one thread."""

from __future__ import annotations

import logging
import os
import time
from collections.abc import Callable, Iterator, Sequence

import pytest

from tests.conftest import ASYNC_MODE
from tests.support.waiting import wait_until
from yoto.errors import StoreUnavailable
from yoto.redis import Following, RawEntry, RedisConnection

Key = Callable[[str], str]
WAIT_MS = 10_000


class Stream:
    """Takes down what comes, and what went wrong."""

    name = "stream of a test"

    def __init__(self, key: str) -> None:
        self.key = key
        self.after = "0"
        self.begun = 0
        self.seen: list[bytes] = []
        self.outages = 0
        self.fault: Exception | None = None

    def begin(self) -> tuple[str, int]:
        self.begun += 1
        if self.fault is not None:
            raise self.fault
        return self.after, WAIT_MS

    def take(self, entries: Sequence[RawEntry]) -> None:
        for entry_id, fields in entries:
            self.after = entry_id.decode()
            self.seen.append(fields[b"n"])

    def lost(self) -> None:
        self.outages += 1


@pytest.fixture
def streams(key: Key) -> Iterator[tuple[Stream, Stream]]:
    yield Stream(key("one")), Stream(key("other"))


def test_an_outage_is_told_and_logged_once_and_a_fault_within_it_too(
    connection: RedisConnection, streams: tuple[Stream, Stream], caplog: pytest.LogCaptureFixture
) -> None:
    stream, _ = streams
    stream.fault = StoreUnavailable("redis")
    with caplog.at_level(logging.INFO, "yoto.redis.following"):
        following = connection.follow(stream)
        wait_until(lambda: stream.begun > 3)
        stream.fault, begun = RuntimeError("a fault of the reader"), stream.begun
        wait_until(lambda: stream.begun > begun + 2)
        stream.fault = None
        connection.client.xadd(stream.key, {"n": 1})
        wait_until(lambda: caplog.messages[-1].endswith("is back"))
        following.end(1.0)
    assert stream.seen == [b"1"] and stream.outages == 1
    away, fault, back = caplog.records
    assert away.levelname == fault.levelname == "WARNING" and back.levelname == "INFO"
    assert fault.exc_info and not away.exc_info
    assert "a fault of the reader" in fault.getMessage()


@pytest.mark.skipif(ASYNC_MODE == "eventlet", reason="a hub does not survive a fork")
# Also where another test has only imported eventlet.
@pytest.mark.filterwarnings("ignore:Using fork:DeprecationWarning")
@pytest.mark.filterwarnings("ignore:This process:DeprecationWarning")
def test_a_child_follows_anew_and_leaves_its_parent_alone(
    connection: RedisConnection, streams: tuple[Stream, Stream]
) -> None:
    followings = [connection.follow(stream) for stream in streams]
    wait_until(lambda: all(stream.begun for stream in streams))
    time.sleep(0.1)  # both wait for news now, and would notice if their connection was shut down
    child = os.fork()
    if not child:
        os._exit(0 if _follows_anew(connection, streams, followings) else 1)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    for stream in streams:
        wait_until(lambda stream=stream: stream.seen == [b"1"])
    assert not any(stream.outages for stream in streams)
    for following in followings:
        following.end(1.0)


def _follows_anew(
    connection: RedisConnection, streams: Sequence[Stream], followings: Sequence[Following]
) -> bool:
    """In the child: none counts as followed before it is, not even once another one is."""
    for stream in streams:
        if any(following.running for following in followings):
            return False
        connection.follow(stream)
    for stream in streams:
        connection.client.xadd(stream.key, {"n": 1})
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        if all(stream.seen == [b"1"] for stream in streams):
            return True
        time.sleep(0.01)
    return False
