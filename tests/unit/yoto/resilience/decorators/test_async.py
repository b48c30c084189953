"""Guards of coroutine functions, awaited by themselves and as views of Flask."""

from __future__ import annotations

import asyncio
import contextlib
import functools
import inspect
import threading
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest
from flask import Flask, request
from flask.views import MethodView

from yoto.errors import BulkheadFull, CircuitOpen, Degraded, RateLimited
from yoto.resilience import (
    ResilienceController,
    bulkhead,
    circuit_breaker,
    degradable,
    guarded,
    noted_limits,
    rate_limit,
)

Decorator = Callable[[Callable[..., Any]], Callable[..., Any]]
EACH: list[Any] = [
    pytest.param(circuit_breaker("thing"), id="circuit_breaker"),
    pytest.param(rate_limit("thing"), id="rate_limit"),
    pytest.param(bulkhead("thing"), id="bulkhead"),
    pytest.param(guarded("thing"), id="guarded"),
    pytest.param(degradable("thing"), id="degradable"),
]


async def later(value: Any) -> Any:
    await asyncio.sleep(0)
    return value


@pytest.mark.parametrize("decorate", EACH)
class TestEach:
    def test_it_stays_a_coroutine_function_and_holds_until_it_ends(
        self, controller: ResilienceController, decorate: Decorator
    ) -> None:
        held: list[int] = []

        @decorate
        async def add(a: int, b: int = 2) -> int:
            await asyncio.sleep(0)
            held.append(controller.get_bulkhead_stats("thing").held)
            return a + b

        assert inspect.iscoroutinefunction(add) and add.__name__ == "add"
        assert asyncio.run(add(1)) == 3
        assert controller.get_bulkhead_stats("thing").held == 0
        assert held == [1 if decorate in SLOTS else 0]

    def test_its_own_exception_comes_through(
        self, controller: ResilienceController, decorate: Decorator
    ) -> None:
        error = ValueError("mine")

        @decorate
        async def fail() -> None:
            await asyncio.sleep(0)
            raise error

        with pytest.raises(ValueError, match="mine") as caught:
            asyncio.run(fail())
        assert caught.value is error
        assert controller.get_bulkhead_stats("thing").held == 0

    def test_what_is_awaited_in_another_way_is_guarded_too(
        self, controller: ResilienceController, decorate: Decorator
    ) -> None:
        class Thing:
            async def __call__(self, value: int) -> int:
                return int(await later(value))

            @decorate
            async def method(self, value: int) -> int:
                return int(await later(value))

        for one in (Thing(), functools.partial(later)):
            assert asyncio.run(decorate(one)(4)) == 4  # type: ignore[arg-type]
        assert asyncio.run(Thing().method(5)) == 5  # type: ignore[arg-type]

    def test_an_asynchronous_generator_is_refused_at_once(self, decorate: Decorator) -> None:
        async def items() -> AsyncIterator[int]:
            yield 1

        for wrong in (items, contextlib.asynccontextmanager(items)):
            with pytest.raises(TypeError, match="asynchronous generator"):
                decorate(wrong)


SLOTS = [param.values[0] for param in EACH if param.id in ("bulkhead", "guarded")]


@pytest.mark.parametrize("decorate", [circuit_breaker("thing"), guarded("thing")])
def test_the_end_of_the_work_counts_and_not_the_call(
    controller: ResilienceController, decorate: Decorator
) -> None:
    @decorate
    async def work(error: BaseException | None) -> None:
        await asyncio.sleep(0)
        if error is not None:
            raise error

    asyncio.run(work(None))
    with pytest.raises(OSError, match="down"):
        asyncio.run(work(OSError("down")))

    async def given_up() -> None:
        with pytest.raises(asyncio.CancelledError):
            await work(asyncio.CancelledError())

    asyncio.run(given_up())
    state = controller.get_circuit_breaker_state("thing")
    assert (state.calls, state.failures) == (2, 1)
    assert controller.get_bulkhead_stats("thing").held == 0


def test_who_is_refused_is_answered_by_either_kind_of_fallback(
    controller: ResilienceController,
) -> None:
    controller.circuit_breaker("thing").force_open("test")
    ran: list[int] = []

    async def work(value: int) -> None:
        ran.append(value)

    for fallback in (lambda value: value, later):
        assert asyncio.run(circuit_breaker("thing", fallback=fallback)(work)(7)) == 7
    with pytest.raises(CircuitOpen):
        asyncio.run(circuit_breaker("thing")(work)(7))
    controller.degradation.raise_level("alert:test", "heavy", ttl=60)
    for other in (lambda value: value, later):
        assert asyncio.run(degradable("thing", other)(work)(7)) == 7
    with pytest.raises(Degraded):
        asyncio.run(degradable("thing")(work)(7))
    assert ran == []


def test_a_last_good_value_is_kept_of_what_was_awaited(controller: ResilienceController) -> None:
    answers: list[Any] = [1, OSError("down")]

    @degradable("thing", cache_key=lambda: "all")
    async def popular() -> int:
        answer = await later(answers.pop(0))
        if isinstance(answer, Exception):
            raise answer
        return int(answer)

    assert [asyncio.run(popular()), asyncio.run(popular())] == [1, 1]


@pytest.mark.parametrize("decorate", [circuit_breaker, guarded, degradable])
def test_a_function_that_is_not_awaited_has_no_fallback_that_is(decorate: Any) -> None:
    with pytest.raises(TypeError, match="synchronous"):
        decorate("thing", fallback=later)(lambda value: value)


def test_two_that_wait_in_one_loop_hold_a_slot_each(controller: ResilienceController) -> None:
    controller.set_bulkhead_config("thing", max_concurrent=2)

    @bulkhead("thing")
    async def slow(release: asyncio.Event) -> int:
        await release.wait()
        return controller.get_bulkhead_stats("thing").held

    async def three() -> list[Any]:
        release = asyncio.Event()
        running = [asyncio.create_task(slow(release)) for _ in range(3)]
        await asyncio.sleep(0)
        release.set()
        return await asyncio.gather(*running, return_exceptions=True)

    *ran, refused = asyncio.run(three())
    assert ran == [2, 1] and isinstance(refused, BulkheadFull)


@pytest.mark.parametrize("decorate", EACH)
def test_a_view_is_guarded(
    app: Flask, controller: ResilienceController, decorate: Decorator
) -> None:
    @app.get("/view/<int:number>")
    @decorate
    async def view(number: int) -> dict[str, int]:
        return {"number": await later(number), "limits": len(noted_limits())}

    class Views(MethodView):
        @decorate
        async def get(self, number: int) -> str:
            return f"{request.method} {await later(number)}"

    app.add_url_rule("/views/<int:number>", view_func=Views.as_view("views"))
    client = app.test_client()
    limited = decorate in (EACH[1].values[0], EACH[3].values[0])
    assert client.get("/view/7").json == {"number": 7, "limits": int(limited)}
    assert client.get("/views/8").text == "GET 8"
    assert controller.get_bulkhead_stats("thing").held == 0


def test_whose_call_a_view_is_counted_for_is_found_in_the_thread_of_the_request(
    app: Flask, controller: ResilienceController
) -> None:
    threads: list[int] = []

    def who() -> str:
        threads.append(threading.get_ident())
        return "all"

    @app.get("/view")
    @guarded("thing", key=who)
    async def view() -> str:
        return await inner()

    @guarded("other", key=who)
    async def inner() -> str:
        return "ran"

    app.before_request(lambda: threads.append(threading.get_ident()))
    assert app.test_client().get("/view").text == "ran"
    assert threads[0] == threads[1] != threads[2]


def test_a_view_that_is_refused_does_not_run(app: Flask, controller: ResilienceController) -> None:
    ran: list[int] = []

    @app.get("/limited")
    @rate_limit("async.few", key="all", limit=1, window=60, algorithm="sliding_log")
    async def limited() -> str:
        ran.append(1)
        return "ran"

    app.register_error_handler(RateLimited, lambda error: (error.dimension, 429))
    client = app.test_client()
    assert [client.get("/limited").status_code for _ in range(3)] == [200, 429, 429]
    assert ran == [1]
