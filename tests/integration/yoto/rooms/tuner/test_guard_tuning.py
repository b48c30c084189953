"""Limits of guards and pools that are too small for a load: found, made larger, and working."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from flask import Flask

from app.extensions import events, monitor, resilience
from app.guards import SIGN_IN
from tests.support.waiting import wait_until
from yoto.errors import BulkheadFull, StoreUnavailable, ValidationFailed, VersionConflict
from yoto.monitor import names
from yoto.permission import PermissionSystem
from yoto.resilience import (
    FLEET,
    BulkheadConfig,
    Kind,
    MultiDimensionalKey,
    Origin,
    RateLimitConfig,
    ResilienceController,
)
from yoto.rooms.tuner import tuner as tuning
from yoto.rooms.tuner.guard_limits import GuardLimit
from yoto.rooms.tuner.outcomes import changed_at
from yoto.rooms.tuner.suggestion import Suggestion
from yoto.rooms.tuner.trial import NOT_APPLIED, TuningStep
from yoto.rooms.tuner.tunables import LIVE
from yoto.rooms.tuner.tuner import Tuner
from yoto.rooms.tuner.wiring import tuner_of

LIMIT, CALLERS, WINDOW = 4, 6, 10
NAME = "report"
ID = f"bulkhead:{NAME}=6"


@pytest.fixture
def app_config(app_config: dict[str, Any]) -> dict[str, Any]:
    return {
        **app_config,
        "MONITOR_BACKEND": "memory",
        "TUNING_WINDOW": float(WINDOW),
        "PREFETCH_ENABLED": False,
        "PERMISSION_POOL_SIZE": 1,
        "PERMISSION_POOL_WAIT": 0.01,
    }


class Load:
    """So many callers at once in each second of a clock that only this load moves."""

    def __init__(self, app: Flask) -> None:
        self._monitoring = monitor.of(app)
        self._controller = resilience.of(app)
        # A setting is dated by Redis, whose clock runs on.
        self.now = time.time() + 60
        self._monitoring.backend.now = lambda: self.now  # type: ignore[method-assign]
        self._monitoring.flush()

    def run(self, seconds: int, request_ms: float = 5.0) -> int:
        """Go through so many seconds, with answers that take so long; refused callers."""
        recorder = self._monitoring.recorder
        refused = 0
        for _ in range(seconds):
            with ThreadPoolExecutor(CALLERS) as callers:
                together = threading.Barrier(CALLERS)
                results = [callers.submit(self._call, together) for _ in range(CALLERS)]
                refused += sum(not one.result() for one in results)
            recorder.counter(names.REQUESTS, area="api", status="2xx").add(20)
            for _ in range(20):
                recorder.histogram(names.REQUEST_TIME, area="api").observe(request_ms / 1000)
            self._monitoring.flush()
            self.now += 1
        return refused

    def _call(self, together: threading.Barrier) -> bool:
        """Be inside together with all others who were let in."""
        try:
            slot = self._controller.bulkhead(NAME).acquire(0)
        except BulkheadFull:
            together.wait(10)
            return False
        with slot:
            together.wait(10)
        return True


@pytest.fixture
def controller(app: Flask) -> ResilienceController:
    found = resilience.of(app)
    found.define(NAME, bulkhead=BulkheadConfig(max_concurrent=LIMIT))
    return found


@pytest.fixture
def load(app: Flask, controller: ResilienceController) -> Load:
    controller.bulkhead(NAME)
    return Load(app)


@pytest.fixture
def tuner(app: Flask) -> Tuner:
    return tuner_of(app)


def limit_of(controller: ResilienceController) -> int:
    return controller.get_bulkhead_config(NAME).max_concurrent


def test_a_bulkhead_that_refuses_what_could_be_done_is_widened_and_refuses_no_more(
    load: Load, controller: ResilienceController, tuner: Tuner
) -> None:
    assert load.run(WINDOW) == WINDOW * (CALLERS - LIMIT)
    (found,) = tuner.suggestions()
    assert (found.id, found.now, found.metric) == (ID, LIMIT, "request_p95")
    tuner.apply(ID, author="ada", reason="refused for nothing")
    assert limit_of(controller) == 6
    assert load.run(WINDOW + 2) == 0
    tuner.turn()
    assert tuner.trial() is None and limit_of(controller) == 6
    entry = controller.config.get(Kind.BULKHEAD, NAME)
    assert entry.origins["max_concurrent"] == "tuner"
    assert controller.config.history(Kind.BULKHEAD, NAME)[0].reason == "refused for nothing"


def test_a_limit_that_made_requests_slow_is_put_back(
    load: Load, controller: ResilienceController, tuner: Tuner
) -> None:
    load.run(WINDOW)
    tuner.apply(ID, author="ada", reason="try")
    load.run(WINDOW + 2, request_ms=80.0)
    tuner.turn()
    assert tuner.trial() is None and limit_of(controller) == LIMIT
    assert controller.config.get(Kind.BULKHEAD, NAME).origins["max_concurrent"] == "code"
    assert ID not in [one.id for one in tuner.suggestions()]


def test_what_an_operator_set_is_neither_suggested_nor_changed(
    load: Load, controller: ResilienceController, tuner: Tuner
) -> None:
    load.run(WINDOW)
    tuner.apply(ID, author="ada", reason="try")
    controller.set_bulkhead_config(NAME, max_concurrent=LIMIT, author="ada", reason="I know")
    tuner.turn()
    assert tuner.trial() is None and limit_of(controller) == LIMIT
    load.run(WINDOW)
    assert tuner.suggestions() == []
    assert controller.config.get(Kind.BULKHEAD, NAME).origins["max_concurrent"] == "operator"


def test_a_rate_limit_is_raised_for_whom_no_guess_is_guarded_against(
    load: Load, controller: ResilienceController, tuner: Tuner
) -> None:
    dimensions = {"user": {"limit": 5}, "ip": {"limit": 50}}
    controller.define("gossip", rate_limit=RateLimitConfig(dimensions=dimensions))
    key = MultiDimensionalKey(user_id=7, ip_address="192.0.2.7")
    guarded = ("gossip", SIGN_IN)
    for name in guarded:
        controller.rate_limiter(name).hit(key)
    load.run(1)
    for name in guarded:
        for _ in range(150):
            controller.rate_limiter(name).hit(key)
    load.run(3)
    suggested = [one for one in tuner.suggestions() if one.setting.startswith("rate_limit:")]
    (found,) = suggested
    assert found.id == "rate_limit:gossip:user=7"
    tuner.apply(found.id, author="ada", reason="they are people")
    limits = controller.get_rate_limit_config("gossip").to_mapping()["dimensions"]
    assert limits == {"user": {"limit": 7}, "ip": {"limit": 50}}


def test_a_pool_that_callers_wait_for_grows_while_it_is_used(
    app: Flask, load: Load, controller: ResilienceController, tuner: Tuner
) -> None:
    caching = PermissionSystem.caching_of(app)
    assert caching is not None
    pool = caching.pool
    with pool.read():
        for _ in range(25):
            with pytest.raises(StoreUnavailable), pool.read():
                pass
    load.run(2)
    found = {one.setting: one for one in tuner.suggestions()}["permission_pool_size"]
    assert (found.id, found.now) == ("permission_pool_size=2", 1)
    with pool.read() as first:
        tuner.apply(found.id, author="ada", reason="callers wait in vain")
        with pool.read() as second:
            assert first.exec_driver_sql("SELECT 1").scalar() == 1
            assert second.exec_driver_sql("SELECT 1").scalar() == 1
    controller.config.delete(Kind.TUNING, FLEET, author="ada", reason="back")
    assert pool.size == 2, "the tuner's layer is not the operators'"


def begin(tuner: Tuner, setting: str, proposed: float) -> None:
    """Put a value on trial, as if it had been suggested."""
    found = Suggestion(setting, 5, proposed, "seen", "better", 0.9, "request_p95")
    tuner._begin(found, tuner._entry(), "ada", "try")


def judged(tuner: Tuner, monkeypatch: pytest.MonkeyPatch, step: TuningStep) -> None:
    monkeypatch.setattr(tuning, "next_step", lambda *anything: (step, "as measured"))
    tuner.turn()
    assert tuner.trial() is None


def reverted(controller: ResilienceController) -> tuple[str, ...]:
    """The changes that are never tried again."""
    entry = controller.config.get(Kind.TUNING, FLEET)
    return entry.config.to_mapping()["reverted"]  # type: ignore[no-any-return]


def told(app: Flask) -> list[tuple[str, str]]:
    """The stream's events of tuning, and their reasons."""
    found: list[Any] = [one.event for one in events.of(app).stream.read()]
    return [(one.type, one.reason) for one in found if one.type.startswith("tuning.")]


DIMENSIONS = {"user": {"limit": 5}, "ip": {"limit": 50}}


@pytest.fixture
def gossip(controller: ResilienceController) -> Callable[[], dict[str, Any]]:
    """The limits in force of a limiter with two dimensions."""
    controller.define("gossip", rate_limit=RateLimitConfig(limit=60, dimensions=DIMENSIONS))

    def limits() -> dict[str, Any]:
        config = controller.get_rate_limit_config("gossip").to_mapping()
        return {"limit": config["limit"], **config["dimensions"]}

    return limits


def test_what_is_taken_back_leaves_what_was_kept(
    controller: ResilienceController,
    tuner: Tuner,
    gossip: Callable[[], dict[str, Any]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    begin(tuner, "rate_limit:gossip:user", 7)
    judged(tuner, monkeypatch, TuningStep.KEEP)
    kept = {"limit": 60, "user": {"limit": 7}, "ip": {"limit": 50}}
    for setting, value in (("limit", 90), ("ip", 75), ("user", 10)):
        begin(tuner, f"rate_limit:gossip:{setting}", value)
        assert gossip() != kept
        judged(tuner, monkeypatch, TuningStep.REVERT)
        assert gossip() == kept
    limit = GuardLimit.of("rate_limit:gossip:user")
    assert limit is not None
    store = controller.config
    limit.write(store, None, "ada", "enough")
    assert gossip() == {"limit": 60, **DIMENSIONS} and limit.own(store) is None
    # Nothing is left of the layer, nor is it written again for nothing.
    version = store.get(Kind.RATE_LIMIT, "gossip").version
    limit.write(store, None, "ada", "enough")
    entry = store.get(Kind.RATE_LIMIT, "gossip")
    assert (entry.version, entry.layers) == (version, ())


def test_an_operators_values_are_never_made_the_tuners(
    controller: ResilienceController,
    tuner: Tuner,
    gossip: Callable[[], dict[str, Any]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    begin(tuner, "rate_limit:gossip:user", 7)
    judged(tuner, monkeypatch, TuningStep.KEEP)
    begin(tuner, "rate_limit:gossip:user", 10)
    # For a while there is no dimension "user", and another one.
    controller.set_rate_limit_config(
        "gossip", dimensions={"ip": {"limit": 2}, "server": {}}, author="ada", reason="an attack"
    )
    tuner.turn()
    assert tuner.trial() is None
    assert gossip() == {"limit": 60, "ip": {"limit": 2}, "server": {}}
    with pytest.raises(ValidationFailed, match="no dimension server"):
        begin(tuner, "rate_limit:gossip:server", 9)
    assert tuner.trial() is None
    controller.config.delete(Kind.RATE_LIMIT, "gossip", author="ada", reason="it is over")
    assert gossip() == {"limit": 60, "user": {"limit": 7}, "ip": {"limit": 50}}


def test_a_change_that_could_not_be_made_is_neither_observed_nor_kept(
    app: Flask,
    load: Load,
    controller: ResilienceController,
    tuner: Tuner,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with pytest.raises(ValidationFailed):
        begin(tuner, f"bulkhead:{NAME}", 10**9)
    assert tuner.trial() is None and told(app) == []
    (refused,) = tuner.outcomes()
    assert (refused.result, refused.why) == ("reverted", NOT_APPLIED)
    assert reverted(controller) == (f"bulkhead:{NAME}=1000000000",)

    faults: list[Exception] = [VersionConflict(2, {}), StoreUnavailable("database")]
    monkeypatch.setattr(GuardLimit, "write", lambda *anything: (_ for _ in ()).throw(faults.pop(0)))
    with pytest.raises(VersionConflict):
        begin(tuner, f"bulkhead:{NAME}", 6)
    assert tuner.trial() is None
    assert f"bulkhead:{NAME}=6" not in reverted(controller)
    # Whether an unanswered write arrived is seen later; until then it is a trial.
    with pytest.raises(StoreUnavailable):
        begin(tuner, f"bulkhead:{NAME}", 6)
    tuner.turn()
    assert tuner.trial() is not None
    load.now += 31
    tuner.turn()
    assert tuner.trial() is None and limit_of(controller) == LIMIT
    assert told(app) == [("tuning.reverted", NOT_APPLIED)]


def test_waits_for_what_an_operator_made_small_for_a_while_are_no_evidence(
    app: Flask, load: Load, controller: ResilienceController, tuner: Tuner
) -> None:
    caching = PermissionSystem.caching_of(app)
    assert caching is not None
    pool, store = caching.pool, controller.config
    store.set(Kind.TUNING, FLEET, {"permission_pool_size": 2}, author="ada", reason="try")
    with pool.read(), pool.read():
        for _ in range(25):
            with pytest.raises(StoreUnavailable), pool.read():
                pass
    load.run(2)
    began = changed_at(store.get(Kind.TUNING, FLEET), LIVE)
    store.delete(Kind.TUNING, FLEET, author="ada", reason="enough")
    ended = changed_at(store.get(Kind.TUNING, FLEET), LIVE)
    assert ended > began > 0
    # By the clock of the measurements, which runs ahead here, they came later than that.
    assert "permission_pool_size" not in [one.setting for one in tuner.suggestions()]

    store.set(
        Kind.TUNING, FLEET, {"cache_users_ttl": 1.0}, author="ada", reason="try", expires_in=0.05
    )
    wait_until(lambda: not store.forced_fields(Kind.TUNING, FLEET))
    expired = changed_at(store.get(Kind.TUNING, FLEET), LIVE)
    assert expired > ended
    # A dismissal changes no value.
    store.set(
        Kind.TUNING,
        FLEET,
        {"dismissed": ["a=1"]},
        author="ada",
        reason="no",
        origin=Origin.TUNER,
    )
    assert changed_at(store.get(Kind.TUNING, FLEET), LIVE) <= expired
