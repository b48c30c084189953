"""Making and checking password hashes."""

from __future__ import annotations

import itertools
import os
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor, as_completed
from typing import Any

import eventlet
import gevent
import pytest
from eventlet import patcher
from flask import Flask

from app.auth.passwords import Passwords, _offload_for, init_passwords
from app.models import NO_PASSWORD
from yoto.errors import BulkheadFull
from yoto.hashing import MOST_WAITING


def directly(function: Callable[..., Any], *args: Any) -> Any:
    return function(*args)


@pytest.fixture
def cheap() -> Passwords:
    return Passwords(1, 64, directly)


def test_a_password_opens_its_own_hash_only(cheap: Passwords) -> None:
    stored = cheap.hash("correct horse")
    assert cheap.verify(stored, "correct horse")
    assert not cheap.verify(stored, "correct house")


def test_the_same_password_never_gives_the_same_hash(cheap: Passwords) -> None:
    assert cheap.hash("correct horse") != cheap.hash("correct horse")


@pytest.mark.parametrize("stored", [None, "", NO_PASSWORD, "plain text", "$argon2id$broken"])
def test_what_is_no_hash_opens_to_nothing(cheap: Passwords, stored: str | None) -> None:
    for password in ("", NO_PASSWORD, "plain text"):
        assert not cheap.verify(stored, password)


@pytest.mark.parametrize("stored", [None, NO_PASSWORD])
def test_where_there_is_no_hash_the_work_is_done_all_the_same(stored: str | None) -> None:
    runs: list[str] = []

    def count(function: Callable[..., Any], *args: Any) -> Any:
        runs.append(function.__name__)
        return function(*args)

    Passwords(1, 64, count).verify(stored, "correct horse")
    assert runs == ["hash"]


def test_a_hash_is_outdated_when_the_costs_changed(cheap: Passwords) -> None:
    stored = cheap.hash("correct horse")
    assert not cheap.is_outdated(stored)
    assert Passwords(2, 64, directly).is_outdated(stored)
    assert Passwords(1, 128, directly).is_outdated(stored)


def test_only_as_many_hashes_run_at_once_as_there_are_cores() -> None:
    cores = os.cpu_count() or 1
    running, most = 0, 0
    lock, all_in = threading.Lock(), threading.Event()

    def slow(function: Callable[..., Any], *args: Any) -> Any:
        nonlocal running, most
        with lock:
            running += 1
            most = max(most, running)
            if running == cores:
                all_in.set()
        assert all_in.wait(10)
        try:
            return function(*args)
        finally:
            with lock:
                running -= 1

    hasher = Passwords(1, 64, slow)
    with ThreadPoolExecutor(cores * 3) as pool:
        list(pool.map(hasher.hash, ["correct horse"] * cores * 3))
    assert most == cores


def test_nobody_waits_for_a_core_without_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("yoto.hashing.LONGEST_WAIT", 0.05)
    cores, gate, inside = os.cpu_count() or 1, threading.Event(), threading.Semaphore(0)

    def held(function: Callable[..., Any], *args: Any) -> Any:
        inside.release()
        assert gate.wait(10)
        return function(*args)

    hasher = Passwords(1, 64, held)
    with ThreadPoolExecutor(cores) as pool:
        running = [pool.submit(hasher.hash, "correct horse") for _ in range(cores)]
        for _ in range(cores):
            assert inside.acquire(timeout=10)
        with pytest.raises(BulkheadFull):
            hasher.hash("correct horse")
        gate.set()
        assert all(one.result() for one in running)


def test_of_300_at_once_few_wait_and_the_others_are_turned_away(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("yoto.hashing.LONGEST_WAIT", 60.0)
    gate, limit = threading.Event(), (os.cpu_count() or 1) + MOST_WAITING

    def held(function: Callable[..., Any], *args: Any) -> Any:
        assert gate.wait(10)
        return function(*args)

    hasher = Passwords(1, 64, held)
    with ThreadPoolExecutor(300) as pool:
        tries = [pool.submit(hasher.verify, None, "a guess") for _ in range(300)]
        refused = list(itertools.islice(as_completed(tries, 10), 300 - limit))
        assert {type(one.exception()) for one in refused} == {BulkheadFull}
        with pytest.raises(BulkheadFull) as full:
            hasher.hash("correct horse")
        assert (full.value.name, full.value.limit) == ("auth.passwords", limit)
        gate.set()
        assert [one.result() for one in tries if one not in refused] == [False] * limit
    assert hasher.verify(hasher.hash("correct horse"), "correct horse")


@pytest.mark.parametrize("mode", ["threading", "eventlet"])
def test_each_async_mode_hashes_and_verifies(mode: str) -> None:
    app = Flask("hashing")
    app.config.update(ARGON2_TIME_COST=1, ARGON2_MEMORY_KIB=64, ASYNC_MODE=mode)
    init_passwords(app)
    hasher: Passwords = app.extensions["yoto.passwords"]
    stored = hasher.hash("correct horse")
    assert hasher.verify(stored, "correct horse")
    assert not hasher.verify(stored, "correct house")


def test_hashing_holds_up_no_event_loop_of_eventlet() -> None:
    gate = patcher.original("threading").Event()
    eventlet.spawn_after(0.01, gate.set)
    assert _offload_for("eventlet")(gate.wait, 10)


def test_hashing_holds_up_no_event_loop_of_gevent() -> None:
    if patcher.is_monkey_patched("thread"):
        pytest.skip("two event loops do not share a process")
    gate = threading.Event()
    gevent.spawn_later(0.01, gate.set)
    assert _offload_for("gevent")(gate.wait, 10)
