"""Acts of operators on breakers: recorded, audited, on the whole fleet, and not forgotten."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.support.redis_servers import Server, start_valkey
from tests.support.waiting import wait_until
from yoto.audit import AuditEntry
from yoto.errors import CircuitIsolated, StoreUnavailable, ValidationFailed
from yoto.events import BreakerTransitioned
from yoto.resilience import CircuitBreakerConfig, Kind, ResilienceController, change_to_plain
from yoto.resilience.breaker import memory

from ..config_store.journals import ListJournal
from .conftest import NewController


def state_of(controller: ResilienceController) -> str:
    return controller.get_circuit_breaker_state("thing").state.value


def turns(controller: ResilienceController) -> list[str]:
    events = controller.runtime.events.read()
    return [s.event.new for s in events if isinstance(s.event, BreakerTransitioned)]


def test_an_isolated_breaker_refuses_on_every_process(new_controller: NewController) -> None:
    here, there = new_controller(), new_controller()
    state = here.operations.isolate("thing", author="ada", reason="disk on fire", ttl=60)
    assert (state.state, state.reason) == ("isolated", "disk on fire")
    with pytest.raises(CircuitIsolated) as refused:
        there.circuit_breaker("thing").call(lambda: "ran")
    assert 50 < refused.value.retry_after <= 60


def test_a_process_that_lets_in_from_memory_hears_of_an_isolated_breaker(
    new_controller: NewController, monkeypatch: pytest.MonkeyPatch
) -> None:
    # s. As long as nothing tells it otherwise.
    monkeypatch.setattr(memory, "REMEMBERED", 600.0)
    here, there = new_controller(), new_controller()
    leased = CircuitBreakerConfig.from_mapping({"admission": "leased"})
    for controller in (here, there):
        controller.define("thing", circuit_breaker=leased)
    breaker = there.circuit_breaker("thing")

    def remembers() -> bool:
        breaker.call(lambda: "ran")
        return breaker.memory.find(breaker.plan) is not None

    def refuses() -> bool:
        try:
            breaker.call(lambda: "ran")
        except CircuitIsolated:
            return True
        return False

    # That it began is an event too, which makes it forget once more.
    wait_until(remembers)
    here.operations.isolate("thing", author="ada", reason="disk on fire", ttl=60)
    wait_until(refuses)


def test_a_closed_breaker_lets_everything_in_and_counts_nothing(
    controller: ResilienceController,
) -> None:
    controller.operations.close("thing", author="ada", reason="it lies", ttl=60)
    for _ in range(10):
        with pytest.raises(ZeroDivisionError):
            controller.circuit_breaker("thing").call(lambda: 1 / 0)
    state = controller.get_circuit_breaker_state("thing")
    assert (state.state, state.failures) == ("disabled", 0)


def test_a_reset_breaker_is_closed_and_nothing_is_forced_any_more(
    new_controller: NewController,
) -> None:
    here, there = new_controller(), new_controller()
    there.start()
    here.operations.isolate("thing", author="ada", reason="disk on fire", ttl=60)
    state = there.operations.reset("thing", author="bob", reason="fire is out")
    assert state.state == "closed"
    # Once every process has seen the change, the breaker is still closed.
    wait_until(lambda: not here.config.get(Kind.FORCED_BREAKER, "thing").layers)
    assert state_of(here) == "closed"


def test_every_act_is_one_version_with_author_and_reason(
    controller: ResilienceController,
) -> None:
    operations = controller.operations
    operations.isolate("thing", author="ada", reason="fire", ttl=60)
    operations.close("thing", author="bob", reason="it lies", ttl=60)
    operations.reset("thing", author="cyd", reason="done")
    history = controller.config.history(Kind.FORCED_BREAKER, "thing")
    told = [change_to_plain(change) for change in reversed(history)]
    assert [(c["action"], c["author"], c["reason"], c["values"]) for c in told] == [
        ("set", "ada", "fire", {"state": "isolated"}),
        ("set", "bob", "it lies", {"state": "disabled"}),
        ("delete", "cyd", "done", None),
    ]


def test_one_act_is_one_event_however_many_processes_follow_it(
    new_controller: NewController,
) -> None:
    here, *others = (new_controller() for _ in range(3))
    for other in others:
        other.start()
    here.operations.isolate("thing", author="ada", reason="fire", ttl=60)
    key = (Kind.FORCED_BREAKER, "thing")
    for other in others:
        wait_until(lambda: other.config.local.snapshot.documents.get(key))
        other.operations.catch_up()
    assert turns(here) == ["isolated"]


def test_an_isolation_ends_by_itself(controller: ResilienceController) -> None:
    controller.operations.isolate("thing", author="ada", reason="fire", ttl=0.2)
    wait_until(lambda: controller.get_circuit_breaker_state("thing").until == 0)
    assert controller.circuit_breaker("thing").call(lambda: "ran") == "ran"
    wait_until(lambda: state_of(controller) == "closed")


@pytest.mark.parametrize("reason", ["", "  "])
def test_an_act_without_a_reason_is_refused(controller: ResilienceController, reason: str) -> None:
    for act in ("isolate", "close", "reset"):
        with pytest.raises(ValidationFailed, match="reason"):
            getattr(controller.operations, act)("thing", author="ada", reason=reason)
    assert turns(controller) == []


def test_a_reset_of_a_breaker_that_opened_by_itself_is_audited_before(
    new_controller: NewController,
) -> None:
    told: list[AuditEntry] = []
    controller = new_controller(audit=told.append)
    controller.set_circuit_breaker_config("thing", consecutive_failures=1)
    with pytest.raises(ZeroDivisionError):
        controller.circuit_breaker("thing").call(lambda: 1 / 0)
    controller.operations.reset("thing", author="ada", reason="fixed")
    assert state_of(controller) == "closed"
    assert told == [
        AuditEntry(
            action="resilience.breaker.reset", subject="circuit_breaker:thing", by="ada",
            reason="fixed", before={"state": "open"}, after={"state": "closed"},
        )
    ]  # fmt: skip


def test_what_cannot_be_recorded_is_not_done(
    controller: ResilienceController, journal: ListJournal
) -> None:
    controller.start()
    journal.away = True
    with pytest.raises(StoreUnavailable):
        controller.operations.isolate("thing", author="ada", reason="fire")
    assert state_of(controller) == "closed" and turns(controller) == []


class TestWithoutRedis:
    @pytest.fixture
    def server(self) -> Iterator[Server]:
        with start_valkey() as server:
            yield server

    def test_an_act_is_recorded_and_done_when_redis_is_back(
        self, server: Server, controller: ResilienceController
    ) -> None:
        controller.circuit_breaker("thing").call(lambda: "ran")
        server.kill()
        controller.operations.isolate("thing", author="ada", reason="fire", ttl=60)
        server.start()
        wait_until(lambda: state_of(controller) == "isolated")
