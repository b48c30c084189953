"""``RESILIENCE_ENABLED=False``: everybody is let in, and no server is asked for it."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from typing import Any

import pytest
from flask import Flask

from tests.support.resilience import controller_of, guarded_app
from tests.support.waiting import HOST
from yoto.errors import ValidationFailed
from yoto.resilience import (
    BreakerHooks,
    BulkheadConfig,
    DegradationConfig,
    MultiDimensionalKey,
    Outcome,
    RateLimitConfig,
    ResilienceController,
    State,
    bulkhead,
    circuit_breaker,
    degradable,
    guarded,
    noted_limits,
    rate_limit,
)

NOBODY = {
    "rate_limit": RateLimitConfig(limit=1, window=60, burst=1),
    "bulkhead": BulkheadConfig(max_concurrent=0),
    "degradation": DegradationConfig(level="heavy"),
}


@pytest.fixture
def app() -> Iterator[Flask]:
    """An application whose server nobody may ask: any connection to it is found in its queue."""
    with socket.create_server((HOST, 0)) as server:
        url = f"redis://{HOST}:{server.getsockname()[1]}/0"
        with guarded_app({"REDIS_URL": url}, enabled=False, defaults={"thing": NOBODY}) as app:
            yield app
        server.setblocking(False)
        with pytest.raises(BlockingIOError):
            server.accept()


@pytest.mark.parametrize(
    "decorate",
    [
        circuit_breaker("thing", fallback=lambda: "else"),
        rate_limit("thing", key="all"),
        rate_limit("thing", key="all", plans={"a": "1/hour"}, plan=lambda: "of nobody"),
        bulkhead("thing"),
        guarded("thing", key="all", fallback=lambda: "else"),
        degradable("thing", lambda: "else"),
    ],
    ids=["circuit_breaker", "rate_limit", "plans", "bulkhead", "guarded", "degradable"],
)
def test_every_decorated_function_runs(controller: ResilienceController, decorate: Any) -> None:
    assert [decorate(lambda: "ran")() for _ in range(20)] == ["ran"] * 20

    @decorate
    def fail() -> None:
        raise OSError("mine")

    if decorate.__qualname__.startswith("degradable"):
        # A fallback for failures is the function's own.
        assert fail() == "else"
        return
    for _ in range(20):
        with pytest.raises(OSError, match="mine"):
            fail()


def test_objects_answer_as_if_nothing_had_been_used(controller: ResilienceController) -> None:
    limiter = controller.rate_limiter("thing")
    for _ in range(3):
        result = limiter.hit("all")
        assert (result.allowed, result.limit, result.remaining) == (True, 1, 1)
    limiter.refund("all")
    limiter.reset("all")
    assert limiter.reset_all()
    assert limiter.peek(MultiDimensionalKey(user_id=1)).allowed
    with pytest.raises(ValidationFailed):
        limiter.hit("all", cost=0)
    slots = [controller.bulkhead("thing").acquire() for _ in range(3)]
    assert not any(slot.lost for slot in slots)
    assert all(controller.bulkhead("thing").verify(slot) for slot in slots)
    for slot in slots:
        slot.release()
    breaker = controller.circuit_breaker("thing")
    for _ in range(20):
        breaker.allow().exit(Outcome.FAILURE)
    with breaker.calling(), controller.guard("thing").enter("all") as permit:
        assert permit.limits is not None and permit.limits.remaining == 1
    assert controller.degradation.status("thing").level == "none"


def test_headers_and_hooks_are_as_ever(app: Flask, controller: ResilienceController) -> None:
    heard: list[str] = []

    class Notes(BreakerHooks):
        def before(self, name: str) -> None:
            heard.append("before")

        def success(self, name: str, seconds: float) -> None:
            heard.append("success")

    controller.add_breaker_hooks(Notes())

    @app.get("/view")
    @guarded("thing")
    def view() -> list[int]:
        return [one.remaining for _, statuses in noted_limits() for one in statuses]

    assert [app.test_client().get("/view").json for _ in range(2)] == [[1], [1]]
    assert heard == ["before", "success"] * 2


def test_it_is_told_and_seen(caplog: pytest.LogCaptureFixture) -> None:
    with guarded_app({"REDIS_URL": f"redis://{HOST}:1/0"}, enabled=False) as other:
        assert "RESILIENCE_ENABLED is false" in caplog.text
        assert controller_of(other).circuit_breaker("thing").state().state is State.DISABLED
