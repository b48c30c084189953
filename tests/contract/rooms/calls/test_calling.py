"""Calls to a service that fails, hangs, and comes back."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest
from flask import Flask

from tests.support.redis_servers import Server
from tests.support.waiting import wait_until
from yoto import (
    CircuitOpen,
    DeadlineExceeded,
    check_deadline,
    deadline,
    get_circuit_breaker_state,
    remaining,
)
from yoto.errors import ConfigurationError
from yoto.resilience.config_store import Kind, declare_numbers
from yoto.rooms.calls import TimedOut, TooManyThreads, calls
from yoto.rooms.calls.calling import attempt
from yoto.rooms.calls.quantile import ENOUGH, KEPT
from yoto.rooms.calls.spending import FLOOR, spending

LONG = 60.0


class Away(Exception):
    """The service does not answer."""


class Service:
    """Fails as often as it is told, and notes the number of each attempt."""

    def __init__(self, failures: int = 0) -> None:
        self.failures = failures
        self.attempts: list[int] = []

    def answer(self, *_: Any) -> str:
        self.attempts.append(attempt())
        if self.failures > 0:
            self.failures -= 1
            raise Away
        return "answer"


def test_a_call_that_succeeds_is_made_once(app: Flask, name: str) -> None:
    service = Service()
    ask = calls(name, timeout=LONG, attempts=3, on=Away, idempotent=True)(service.answer)
    assert ask() == "answer"
    assert service.attempts == [1]


def test_another_attempt_is_made_after_what_is_named(app: Flask, name: str) -> None:
    service = Service(failures=2)
    ask = calls(name, attempts=3, on=Away, idempotent=True)(service.answer)
    assert ask() == "answer"
    assert service.attempts == [1, 2, 3]


def test_the_last_failure_is_raised(app: Flask, name: str) -> None:
    service = Service(failures=9)
    ask = calls(name, attempts=2, on=Away, idempotent=True)(service.answer)
    with pytest.raises(Away):
        ask()
    assert service.attempts == [1, 2]


def test_no_other_attempt_is_made_after_anything_else(app: Flask, name: str) -> None:
    seen: list[int] = []

    @calls(name, attempts=3, on=Away, idempotent=True)
    def ask() -> None:
        seen.append(attempt())
        raise KeyError

    with pytest.raises(KeyError):
        ask()
    assert seen == [1]


def test_a_service_that_sheds_its_load_is_not_asked_again(app: Flask, name: str) -> None:
    seen: list[int] = []

    @calls(name, attempts=3, on=Away, idempotent=True)
    def ask() -> None:
        seen.append(attempt())
        error = Away()
        error.response = SimpleNamespace(headers={"X-Yoto-Shed": "1"})  # type: ignore[attr-defined]
        raise error

    with pytest.raises(Away):
        ask()
    assert seen == [1]


def floor_since(began: float) -> float:
    """Retries and hedges that the floor may have paid for since then: those of a second at once."""
    return FLOOR * (time.monotonic() - began + 1)


def test_retries_stop_when_the_budget_is_used_up(app: Flask, name: str) -> None:
    # A breaker that opened would end them as well.
    declare_numbers(name, Kind.CIRCUIT_BREAKER, {"minimum_calls": 1_000})
    service, count = Service(failures=10**6), 100
    ask = calls(name, attempts=2, on=Away, idempotent=True)(service.answer)
    began = time.monotonic()
    for _ in range(count):
        with pytest.raises(Away):
            ask()
    assert service.attempts.count(1) == count
    assert 0.2 * count <= service.attempts.count(2) <= 0.2 * count + floor_since(began)


def test_no_attempt_is_begun_after_the_deadline(app: Flask, name: str) -> None:
    service = Service(failures=10**6)
    ask = calls(name, attempts=10**6, on=Away, idempotent=True)(service.answer)
    with deadline(0.05):
        time.sleep(0.06)
        with pytest.raises(DeadlineExceeded):
            ask()
    assert service.attempts == []


def test_nobody_waits_for_an_attempt_that_would_come_too_late(app: Flask, name: str) -> None:
    @calls(name, attempts=2, on=Away, idempotent=True)
    def ask() -> None:
        error = Away()
        error.retry_after = LONG  # type: ignore[attr-defined]
        raise error

    began = time.monotonic()
    with deadline(LONG / 2), pytest.raises(Away):
        ask()
    assert time.monotonic() - began < LONG / 2


def test_a_call_that_does_not_return_is_given_up(app: Flask, name: str) -> None:
    released = threading.Event()
    left: list[float | None] = []

    @calls(name, timeout=0.2)
    def hang() -> None:
        released.wait(LONG)
        left.append(remaining())

    began = time.monotonic()
    with pytest.raises(TimedOut, match=f"'{name}' did not answer within 0.2 s"):
        hang()
    assert time.monotonic() - began < LONG
    threads = spending().threads
    assert threads.taken == 1
    released.set()
    wait_until(lambda: threads.taken == 0, what="the abandoned call to end")
    # It found its deadline passed.
    assert left == [0.0]


@pytest.mark.parametrize("loop", ["eventlet", "gevent"])
def test_a_greenlet_that_does_not_return_is_ended(loop: str, valkey_server: Server) -> None:
    made = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", ENDED, loop, valkey_server.url],
        capture_output=True,
        text=True,
        timeout=LONG,
    )
    assert sorted(made.stdout.split()) == ["0", "TimedOut", "ended"], made.stderr


ENDED = """
import sys
loop, url = sys.argv[1:]
if loop == "eventlet":
    import eventlet
    eventlet.monkey_patch()
else:
    from gevent import monkey
    monkey.patch_all()
import time
from flask import Flask
from yoto import Yoto
from yoto.rooms.calls import TimedOut, calls
from yoto.rooms.calls.spending import spending

app = Flask("ended")
app.config["YOTO_REDIS_URL"] = url
Yoto(app, rooms=["calls"])

@calls("service", timeout=0.2)
def hang():
    try:
        time.sleep(60)
    finally:
        print("ended")

with app.app_context():
    try:
        hang()
    except TimedOut:
        print("TimedOut")
    until = time.monotonic() + 30
    while spending().threads.taken and time.monotonic() < until:
        time.sleep(0.01)
    print(spending().threads.taken)
Yoto.close(app)
"""


def test_the_deadline_of_the_caller_is_no_time_out_of_the_service(app: Flask, name: str) -> None:
    released = threading.Event()
    hang = calls(name, timeout=LONG)(lambda: released.wait(LONG))
    with deadline(0.2), pytest.raises(DeadlineExceeded) as caught:
        hang()
    released.set()
    assert not isinstance(caught.value, TimedOut)
    assert get_circuit_breaker_state(name).failures == 0


def test_nor_is_one_of_as_many_seconds_that_began_earlier(app: Flask, name: str) -> None:
    released = threading.Event()
    hang = calls(name, timeout=0.3)(lambda: released.wait(LONG))

    @calls(name, timeout=0.3)
    def items() -> Iterator[int]:
        time.sleep(remaining() or 0.0)
        yield attempt()
        check_deadline()

    for one in (hang, lambda: list(items())):
        with deadline(0.3):
            time.sleep(0.1)
            with pytest.raises(DeadlineExceeded) as caught:
                one()
        assert not isinstance(caught.value, TimedOut)
    released.set()
    assert get_circuit_breaker_state(name).failures == 0


def test_a_client_that_fails_as_the_deadline_of_the_caller_passes_opens_no_breaker(
    app: Flask, name: str
) -> None:
    """A client's own time-out, cut to what is left, looks as if the service had failed."""

    @calls(name, on=Away)
    def ask() -> None:
        time.sleep(remaining() or 0.0)
        raise Away

    @calls(name, on=Away)
    async def ask_async() -> None:
        await asyncio.sleep(remaining() or 0.0)
        raise Away

    @calls(name, on=Away)
    def items() -> Iterator[int]:
        time.sleep(remaining() or 0.0)
        raise Away
        yield 1

    block = calls(name, on=Away)
    for one in (ask, lambda: asyncio.run(ask_async()), lambda: list(items())):
        with deadline(0.02), pytest.raises(DeadlineExceeded):
            one()
    with deadline(0.02), pytest.raises(DeadlineExceeded), block:
        time.sleep(remaining() or 0.0)
        raise Away
    assert get_circuit_breaker_state(name).failures == 0


def test_a_client_that_fails_as_its_own_time_is_over_has_timed_out(app: Flask, name: str) -> None:
    @calls(name, timeout=0.05, on=Away)
    def ask() -> None:
        time.sleep(LONG if remaining() is None else remaining() or 0.0)
        raise Away

    with pytest.raises(TimedOut):
        ask()
    assert get_circuit_breaker_state(name).failures == 1


def test_time_outs_open_the_breaker_that_circuit_breaker_shares(app: Flask, name: str) -> None:
    released = threading.Event()
    hang = calls(name, timeout=0.1)(lambda: released.wait(LONG))
    for _ in range(60):
        with pytest.raises((TimedOut, CircuitOpen)):
            hang()
        if get_circuit_breaker_state(name).state == "open":
            break
    released.set()
    assert get_circuit_breaker_state(name).state == "open"


def test_more_threads_than_there_are_places_for_are_refused(app: Flask, name: str) -> None:
    threads, released = spending().threads, threading.Event()
    threads.most = 2
    hang = calls(name, timeout=0.05)(lambda: released.wait(LONG))
    for _ in range(2):
        with pytest.raises(TimedOut):
            hang()
    with pytest.raises(TooManyThreads):
        hang()
    released.set()
    wait_until(lambda: threads.taken == 0, what="the abandoned calls to end")


def test_the_fallback_answers_instead(app: Flask, name: str) -> None:
    def fallback(one: int) -> str:
        return f"instead of {one}"

    released = threading.Event()
    hang = calls(name, timeout=0.05, fallback=fallback)(lambda one: released.wait(LONG))
    assert hang(7) == "instead of 7"
    released.set()
    failing = calls(f"{name}-2", on=Away, fallback=fallback)(Service(failures=1).answer)
    assert failing(8) == "instead of 8"

    @calls(f"{name}-3", on=Away, fallback=fallback)
    def broken(_: int) -> str:
        raise KeyError

    with pytest.raises(KeyError):
        broken(9)


def test_a_second_attempt_beside_a_slow_one_wins(app: Flask, name: str) -> None:
    released = threading.Event()
    slow: list[bool] = []

    @calls(name, hedge=0.9, idempotent=True)
    def ask() -> str:
        if slow:
            slow.pop()
            released.wait(LONG)
            return "late"
        return "answer"

    for _ in range(ENOUGH):
        ask()
    slow.append(True)
    began = time.monotonic()
    assert ask() == "answer"
    assert time.monotonic() - began < LONG
    threads = spending().threads
    wait_until(lambda: threads.taken == 1, what="the winner to end")
    released.set()
    wait_until(lambda: threads.taken == 0, what="the one that lost to end")


def test_a_slow_call_waits_where_nothing_pays_for_a_second(app: Flask, name: str) -> None:
    begun, pause, count = 0, 0.0, 20

    @calls(name, hedge=0.9, idempotent=True)
    def ask() -> None:
        nonlocal begun
        begun += 1
        time.sleep(pause)

    # So many that the slow ones are too few to be taken for usual.
    for _ in range(KEPT):
        ask()
    while spending().purse(name).take():
        pass
    begun, pause, since = 0, 0.02, time.monotonic()
    for _ in range(count):
        ask()
    assert 0 < begun - count <= 0.2 * count + floor_since(since)


def test_coroutines_are_called_as_functions_are(app: Flask, name: str) -> None:
    service = Service(failures=1)

    @calls(name, timeout=LONG, attempts=3, on=Away, idempotent=True)
    async def ask() -> str:
        await asyncio.sleep(0)
        return service.answer()

    @calls(f"{name}-slow", timeout=0.05)
    async def hang() -> None:
        await asyncio.sleep(LONG)

    @calls(f"{name}-instead", timeout=0.05, fallback=ask)
    async def instead() -> str:
        await asyncio.sleep(LONG)
        return "late"

    assert asyncio.run(ask()) == "answer"
    assert service.attempts == [1, 2]
    with pytest.raises(TimedOut):
        asyncio.run(hang())
    assert asyncio.run(instead()) == "answer"


def test_a_second_coroutine_beside_a_slow_one_wins_and_the_slow_one_is_ended(
    app: Flask, name: str
) -> None:
    ended: list[bool] = []
    slow: list[bool] = []

    @calls(name, hedge=0.9, idempotent=True)
    async def ask() -> str:
        if slow:
            slow.pop()
            try:
                await asyncio.sleep(LONG)
            except asyncio.CancelledError:
                ended.append(True)
                raise
        return "answer"

    async def all_of_it() -> str:
        for _ in range(ENOUGH):
            await ask()
        slow.append(True)
        answer = await ask()
        await asyncio.sleep(0)
        return answer

    assert asyncio.run(all_of_it()) == "answer"
    assert ended == [True]


def test_a_generator_is_counted_to_its_end(app: Flask, name: str) -> None:
    @calls(name, on=Away)
    def items(fails: bool) -> Iterator[int]:
        yield attempt()
        if fails:
            raise Away
        yield 2

    assert list(items(False)) == [1, 2]
    assert get_circuit_breaker_state(name).failures == 0
    with pytest.raises(Away):
        list(items(True))
    assert get_circuit_breaker_state(name).failures == 1


def test_a_generator_that_gave_nothing_has_a_fallback(app: Flask, name: str) -> None:
    @calls(name, on=Away, fallback=lambda: iter([9]))
    def items() -> Iterator[int]:
        raise Away
        yield 1

    assert list(items()) == [9]


def test_a_block_is_one_attempt(app: Flask, name: str) -> None:
    warehouse = calls(name, timeout=LONG, on=Away)
    with warehouse:
        assert attempt() == 1
        assert 0 < (remaining() or 0) <= LONG
        with warehouse:
            pass
    assert attempt() == 0
    with pytest.raises(Away), warehouse:
        raise Away
    assert get_circuit_breaker_state(name).failures == 1
    with pytest.raises(RuntimeError, match="a block runs once"):
        with calls(name, attempts=2, on=Away, idempotent=True):
            pass


@pytest.mark.parametrize(
    ("wrong", "what"),
    [
        ({"attempts": 2, "idempotent": True}, "'attempts' above 1 wants 'on'"),
        ({"attempts": 2, "on": Away}, "'attempts' above 1 wants 'idempotent=True'"),
        ({"hedge": 0.95}, "'hedge' wants 'idempotent=True'"),
        ({"hedge": 1.0, "idempotent": True}, "'hedge' is a share"),
        ({"hedge": 0.1, "idempotent": True}, "'hedge' is a share"),
        ({"attempts": 0}, "'attempts' is a whole number from 1"),
        ({"attempts": True}, "'attempts' is a whole number from 1"),
        ({"timeout": 0}, "'timeout' is seconds above 0"),
        ({"timeout": float("inf")}, "'timeout' is seconds above 0"),
    ],
)
def test_wrong_terms_are_refused_when_the_decorator_is_read(wrong: Any, what: str) -> None:
    with pytest.raises(ConfigurationError, match=what) as caught:
        calls("warehouse", **wrong)
    assert caught.value.key == "warehouse"


def test_what_cannot_be_called_again_takes_no_attempts() -> None:
    def items() -> Iterator[int]:
        yield 1

    async def async_items() -> Any:
        yield 1

    with pytest.raises(ConfigurationError, match="generator"):
        calls("warehouse", attempts=2, on=Away, idempotent=True)(items)
    with pytest.raises(TypeError):
        calls("warehouse")(async_items)
    with pytest.raises(TypeError):
        calls("warehouse")(dict)


def test_an_application_without_the_room_calls_nobody(name: str) -> None:
    ask = calls(name)(lambda: "answer")
    with pytest.raises(RuntimeError, match="no application"):
        ask()
    with Flask(__name__).app_context(), pytest.raises(RuntimeError, match="rooms="):
        ask()
