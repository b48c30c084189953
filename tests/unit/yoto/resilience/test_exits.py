"""Ends of calls that travel with the next entry, and what sends those that nobody takes."""

from __future__ import annotations

import os
import threading
from typing import Any, cast

import pytest

from tests.support.waiting import wait_until
from yoto.errors import StoreUnavailable
from yoto.redis import RedisConnection, Script
from yoto.resilience.deferred import Deferred
from yoto.resilience.exits import ExitQueue
from yoto.resilience.process import _Process

CALL = (cast(Script, None), ("key",), ())


class Scripts:
    """Answers every call with its number, or fails as a whole."""

    def __init__(self) -> None:
        self.error: BaseException | None = None
        self.batches: list[int] = []

    def run_many(self, calls: list[Any], raise_errors: bool) -> list[Any]:
        self.batches.append(len(calls))
        if self.error is not None:
            raise self.error
        return list(range(len(calls)))


class Redis:
    def __init__(self) -> None:
        self.scripts = Scripts()


@pytest.fixture
def redis() -> Redis:
    return Redis()


@pytest.fixture
def exits(redis: Redis) -> ExitQueue:
    return ExitQueue(cast(RedisConnection, redis), Deferred())


def test_an_entry_takes_the_ends_along_and_each_gets_its_own_reply(
    exits: ExitQueue, redis: Redis
) -> None:
    replies: list[Any] = []
    exits._send_soon = lambda seconds: None
    exits.add(CALL, replies.append)
    assert exits.run(*CALL) == 1
    assert (replies, redis.scripts.batches) == ([0], [2])


def test_what_nobody_takes_along_is_sent_all_the_same(exits: ExitQueue) -> None:
    replies: list[Any] = []
    exits.add(CALL, replies.append)
    wait_until(lambda: replies == [0])


def test_without_redis_ends_learn_so_and_nobody_else(exits: ExitQueue, redis: Redis) -> None:
    redis.scripts.error = error = StoreUnavailable("redis", None)
    replies: list[Any] = []
    exits._send_soon = lambda seconds: None
    exits.add(CALL, replies.append)
    exits.flush()
    assert replies == [error]
    assert not exits.busy


def test_another_error_is_the_callers_own(exits: ExitQueue, redis: Redis) -> None:
    redis.scripts.error = error = KeyboardInterrupt()
    exits._send_soon = lambda seconds: None
    exits.add(CALL, lambda reply: None)
    with pytest.raises(KeyboardInterrupt) as caught:
        exits.run(*CALL)
    assert caught.value is error
    assert not exits.busy


def test_a_child_process_does_not_send_its_parents_ends(
    exits: ExitQueue, redis: Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    replies: list[Any] = []
    exits._send_soon = lambda seconds: None
    exits.add(CALL, replies.append)
    monkeypatch.setattr(_Process, "pid", os.getpid() + 1)
    exits.run_many([CALL])
    assert (replies, redis.scripts.batches) == ([], [1])
    assert not exits.busy


def test_a_job_runs_though_no_thread_could_be_had_for_an_earlier_one(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    ran = threading.Event()
    within = Deferred().job(lambda: ran.set())

    def refuse(thread: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    with monkeypatch.context() as patched:
        patched.setattr(threading.Thread, "start", refuse)
        with pytest.raises(RuntimeError):
            within(0.001)
    within(0.001)
    assert ran.wait(60)
