"""The controller: guards by name, configuration by kind, one start and one end."""

from __future__ import annotations

import struct
import threading
from typing import Any

import pytest
from flask import Flask

from tests.support.redis_servers import Server
from tests.support.resilience import controller_of, guarded_app
from tests.support.waiting import free_port, wait_until
from yoto.errors import ConfigurationError, ValidationFailed, VersionConflict
from yoto.redis import RedisStore
from yoto.resilience import (
    BulkheadConfig,
    CircuitBreakerConfig,
    DegradationConfig,
    GuardMode,
    Kind,
    RateLimitConfig,
    Resilience,
    ResilienceController,
    circuit_breaker,
    get_resilience_controller,
)

from .conftest import NewController


def test_one_name_has_one_object_of_each_kind(controller: ResilienceController) -> None:
    objects = [
        controller.circuit_breaker("thing"),
        controller.rate_limiter("thing"),
        controller.bulkhead("thing"),
        controller.guard("thing"),
    ]
    again = [
        controller.circuit_breaker("thing"),
        controller.rate_limiter("thing"),
        controller.bulkhead("thing"),
        controller.guard("thing"),
    ]
    assert [a is b for a, b in zip(objects, again, strict=True)] == [True] * 4
    assert len({type(one) for one in objects}) == 4


def test_an_undefined_name_is_said_once_however_many_kinds_are_asked_for(
    controller: ResilienceController, caplog: pytest.LogCaptureFixture
) -> None:
    controller.define("defined", rate_limit=RateLimitConfig(limit=5))
    for name in ("mispelt", "defined"):
        controller.guard(name)
        controller.rate_limiter(name)
    said = [record.getMessage() for record in caplog.records]
    assert said == ["nothing defines the guard 'mispelt': it has the default numbers"]
    assert (controller.guards.is_defined("defined"), controller.guards.is_defined("mispelt")) == (
        True,
        False,
    )
    controller.set_bulkhead_config("mispelt", wait=1.0, author="ada", reason="it is meant so")
    assert controller.guards.is_defined("mispelt")


def test_a_decorated_name_is_known_before_its_first_call(
    controller: ResilienceController,
) -> None:
    circuit_breaker("named.by-decorator")(print)
    assert "named.by-decorator" in controller.known_names(Kind.CIRCUIT_BREAKER)
    assert "named.by-decorator" not in controller.known_names(Kind.BULKHEAD)
    assert "nobody" not in controller.known_names(Kind.CIRCUIT_BREAKER)


def test_threads_that_ask_for_one_name_get_one_object(controller: ResilienceController) -> None:
    gate, got = threading.Barrier(8), []

    def ask() -> None:
        gate.wait()
        got.append(controller.rate_limiter("thing"))

    workers = [threading.Thread(target=ask) for _ in range(8)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert len(got) == 8 and len(set(map(id, got))) == 1


def test_the_number_of_guards_is_bounded(
    controller: ResilienceController, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("yoto.resilience.guards.MOST_OBJECTS", 2)
    controller.bulkhead("a")
    controller.bulkhead("b")
    controller.bulkhead("a")
    controller.rate_limiter("c")
    with pytest.raises(ConfigurationError, match="2 such guards"):
        controller.bulkhead("c")


def test_setting_up_connects_to_nothing_and_starts_nothing() -> None:
    # One of a test before may be about to end.
    before = set(threading.enumerate())
    app = Flask("x")
    app.config["REDIS_URL"] = f"redis://127.0.0.1:{free_port()}"
    with guarded_app(dict(app.config), defaults={"a": {"bulkhead": BulkheadConfig(lease=3)}}):
        assert set(threading.enumerate()) <= before


def test_closing_ends_every_thread_and_a_later_use_starts_them_again(
    new_controller: NewController,
) -> None:
    before = set(threading.enumerate())

    def own() -> set[str]:
        return {t.name for t in set(threading.enumerate()) - before if t.name.startswith("yoto-")}

    controller = new_controller()
    controller.set_bulkhead_config("thing", max_concurrent=3)
    background = controller.background
    assert background.redis_tasks.running and background.record_tasks.running
    assert "yoto-streams" in own()
    controller.close()
    controller.close()
    wait_until(lambda: not own())
    assert controller.get_bulkhead_config("thing").max_concurrent == 3
    assert background.redis_tasks.running and background.record_tasks.running


def leased() -> dict[str, Any]:
    return {
        "circuit_breaker": CircuitBreakerConfig(admission=GuardMode.LEASED),
        "rate_limit": RateLimitConfig(limit=10_000, window=600, mode=GuardMode.LEASED),
        "bulkhead": BulkheadConfig(max_concurrent=40, mode=GuardMode.LEASED),
    }


def test_an_orderly_end_loses_nothing_of_leased_guards(new_controller: NewController) -> None:
    ending, other = (new_controller(defaults={"thing": leased()}) for _ in range(2))
    guard = ending.guard("thing")
    for _ in range(100):
        guard.call(lambda: None)
    assert len(ending.bulkhead("thing").spares) == 1
    ending.close()
    assert other.get_circuit_breaker_state("thing").calls == 100
    assert other.get_bulkhead_stats("thing").held == 0
    # The units that drain while a lease lasts are kept back.
    assert other.get_rate_limit_status("thing").remaining == pytest.approx(9_900, abs=100)


def test_what_is_leased_is_counted_of_each_kind(new_controller: NewController) -> None:
    controller = new_controller(defaults={"thing": leased()})
    guard = controller.guard("thing")
    for _ in range(100):
        guard.call(lambda: None)
    leases = {counts.kind: counts.leases for counts in controller.guards.counts()}
    assert leases["circuit_breaker"] == {}
    assert leases["rate_limit"]["leased"] > 0
    assert leases["bulkhead"]["leased"] > 0


def test_defaults_in_code_lie_under_what_operators_set(new_controller: NewController) -> None:
    controller = new_controller(
        defaults={
            "thing": {
                "circuit_breaker": CircuitBreakerConfig(minimum_calls=9),
                "rate_limit": RateLimitConfig(limit=7),
                "bulkhead": BulkheadConfig(max_concurrent=5),
                "degradation": DegradationConfig(alert="disk"),
            }
        }
    )
    controller.set_rate_limit_config("thing", window=2, author="ada")
    assert controller.get_rate_limit_config("thing") == RateLimitConfig(limit=7, window=2)
    assert controller.get_circuit_breaker_config("thing").minimum_calls == 9
    assert controller.get_bulkhead_config("thing").max_concurrent == 5
    assert controller.get_degradation_config("thing").alert == "disk"
    with pytest.raises(ConfigurationError):
        controller.define("thing", rate_limit=RateLimitConfig(limit=8))


def test_what_is_set_is_what_the_guards_do(controller: ResilienceController) -> None:
    limiter = controller.rate_limiter("thing")
    controller.set_rate_limit_config("thing", limit=2, window=60)
    assert [limiter.hit("k").allowed for _ in range(3)] == [True, True, False]
    controller.set_rate_limit_config("thing", limit=4)
    assert controller.get_rate_limit_status("thing", "k").allowed


def test_a_change_says_its_version_its_author_and_its_end(
    controller: ResilienceController,
) -> None:
    receipt = controller.set_bulkhead_config(
        "thing", version=0, author="ada", reason="busy", expires_in=60, max_concurrent=3
    )
    entry = receipt.entry
    assert (entry.version, entry.layers[0].author, entry.layers[0].reason) == (1, "ada", "busy")
    assert entry.layers[0].expires_at > entry.layers[0].at
    with pytest.raises(VersionConflict):
        controller.set_bulkhead_config("thing", version=0, max_concurrent=4)
    with pytest.raises(ValidationFailed, match="colour"):
        controller.set_bulkhead_config("thing", colour="red")
    with pytest.raises(ValidationFailed, match="kind"):
        controller.set_config("hologram", "thing", {"a": 1})


def test_a_change_without_an_author_is_the_signed_in_users(new_controller: NewController) -> None:
    nobody, ada = new_controller(), new_controller(subject=lambda: 42)
    nobody.set_bulkhead_config("thing", wait=1)
    ada.set_bulkhead_config("thing", wait=2)
    changes = ada.config.history(Kind.BULKHEAD, "thing")
    assert [change.author for change in changes] == ["user:42", "system"]


def test_all_configurations_are_shown_by_kind_and_name(controller: ResilienceController) -> None:
    controller.set_bulkhead_config("thing", max_concurrent=3)
    controller.rate_limiter("used")
    everything = controller.get_all_resilience_configs()
    assert everything["bulkhead"]["thing"]["values"]["max_concurrent"] == 3
    assert everything["rate_limit"]["used"]["version"] == 0
    assert set(everything) == {kind.value for kind in Kind}


def test_a_switch_is_off_until_it_is_turned_on(controller: ResilienceController) -> None:
    assert not controller.is_global_switch_enabled("signups")
    assert controller.is_global_switch_enabled("signups", default=True)
    controller.set_global_switch("signups", True, reason="open day")
    assert controller.is_global_switch_enabled("signups")
    controller.set_global_switch("signups", False)
    assert not controller.is_global_switch_enabled("signups", default=True)
    with pytest.raises(ValidationFailed, match="enabled"):
        controller.set_global_switch("signups", "yes")  # type: ignore[arg-type]


def test_a_script_is_run_by_its_name(controller: ResilienceController) -> None:
    keys = [controller.runtime.keys.breaker("thing")]
    reply = controller.execute_atomic_operation("breaker_look", keys, [1, 10])
    assert reply[0] == b"closed"
    limit = struct.pack("<ddd", 5, 60_000_000, 5)
    key = controller.runtime.keys.tagged(("rl", "thing"), "fw")
    allowed, _ = controller.execute_atomic_operation("limiter_peek.fixed_window", [key], [limit, 6])
    assert allowed == 0
    with pytest.raises(ValidationFailed, match="script_name"):
        controller.execute_atomic_operation("rm_rf", keys)


class TestTheExtension:
    def test_it_is_the_current_applications_controller(self, server: Server) -> None:
        resilience = Resilience()
        config = {"REDIS_URL": server.url}
        with guarded_app(config) as one, guarded_app(config) as other:
            with one.app_context():
                assert get_resilience_controller() is controller_of(one)
                assert resilience.bulkhead("thing") is controller_of(one).bulkhead("thing")
            with other.app_context():
                assert get_resilience_controller() is controller_of(other)

    def test_without_a_context_it_says_what_to_do(self) -> None:
        with pytest.raises(RuntimeError, match=r"with app\.app_context"):
            get_resilience_controller()
        with pytest.raises(RuntimeError, match=r"with app\.app_context"):
            Resilience().bulkhead("thing")

    def test_an_application_without_resilience_is_told_to_set_it_up(self) -> None:
        with Flask("bare").app_context(), pytest.raises(RuntimeError, match="init_app"):
            get_resilience_controller()

    def test_it_can_be_copied_and_looked_at_outside_an_application(self) -> None:
        import copy

        assert isinstance(copy.copy(Resilience()), Resilience)
        assert not hasattr(Resilience(), "_private")

    def test_events_need_redis(self) -> None:
        from yoto.events import Events

        with pytest.raises(RuntimeError, match="yoto.redis"):
            Events().init_app(Flask("bare"))
        with pytest.raises(RuntimeError, match="init_app"):
            Events.of(Flask("bare"))
        with pytest.raises(RuntimeError, match="init_app"):
            RedisStore.of(Flask("bare"))


def test_a_limit_that_is_reset_in_one_process_is_free_in_all(
    new_controller: NewController,
) -> None:
    here, there = new_controller(), new_controller()
    for controller in (here, there):
        controller.define("thing", rate_limit=RateLimitConfig(limit=1, window=3_600))
    assert here.rate_limiter("thing").hit("k").allowed
    assert not there.rate_limiter("thing").hit("k").allowed
    assert not there.rate_limiter("thing").hit("k").allowed  # from memory
    wait_until(lambda: there.background.tailer.position is not None)
    here.rate_limiter("thing").reset("k")
    wait_until(lambda: not there.rate_limiter("thing").denials)
    assert there.rate_limiter("thing").hit("k").allowed
