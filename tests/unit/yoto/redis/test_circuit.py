from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest
from redis import exceptions

from tests.support.waiting import wait_until
from yoto.errors import StoreUnavailable
from yoto.redis.circuit import FAILURES_TO_TRIP, Circuit, Prober


class Patient:
    """Something to probe that can be ill."""

    def __init__(self) -> None:
        self.ill = True
        self.probes = 0

    def probe(self) -> None:
        self.probes += 1
        if self.ill:
            raise ConnectionError("still ill")


@pytest.fixture
def prober() -> Iterator[Prober]:
    prober = Prober()
    yield prober
    prober.close()


@pytest.fixture
def patient() -> Patient:
    return Patient()


@pytest.fixture
def circuit(prober: Prober, patient: Patient) -> Circuit:
    return Circuit("patient", prober, patient.probe)


def trip(circuit: Circuit) -> None:
    for _ in range(FAILURES_TO_TRIP):
        circuit.failed(ConnectionError("no answer"))


def probe_threads() -> list[threading.Thread]:
    """Those of this test: an application of another one may be left without its Redis."""
    return [t for t in all_probe_threads() if t not in others]


def all_probe_threads() -> list[threading.Thread]:
    return [t for t in threading.enumerate() if t.name == "yoto-redis-probe"]


others: list[threading.Thread] = []


@pytest.fixture(autouse=True)
def _know_others() -> None:
    others[:] = all_probe_threads()


def test_a_few_errors_do_not_trip(circuit: Circuit) -> None:
    for _ in range(FAILURES_TO_TRIP - 1):
        circuit.failed(ConnectionError("no answer"))
    circuit.check()
    assert not circuit.tripped


def test_a_success_between_errors_starts_the_count_anew(circuit: Circuit) -> None:
    for _ in range(FAILURES_TO_TRIP):
        circuit.failed(ConnectionError("no answer"))
        circuit.succeeded()
    assert not circuit.tripped


def test_repeated_errors_trip_and_the_refusal_says_why(circuit: Circuit) -> None:
    trip(circuit)
    with pytest.raises(StoreUnavailable, match="no answer") as caught:
        circuit.check()
    assert caught.value.store == "redis"
    assert caught.value.retry_after > 0


def test_a_tripped_gate_opens_when_the_probe_succeeds(circuit: Circuit, patient: Patient) -> None:
    trip(circuit)
    wait_until(lambda: patient.probes > 0)
    assert circuit.tripped
    patient.ill = False
    wait_until(lambda: not circuit.tripped)
    circuit.check()


def test_listeners_hear_of_a_recovery_once(
    circuit: Circuit, prober: Prober, patient: Patient
) -> None:
    heard: list[str] = []
    prober.on_recovered(lambda: heard.append("recovered"))
    trip(circuit)
    patient.ill = False
    wait_until(lambda: heard)
    wait_until(lambda: not probe_threads())
    assert heard == ["recovered"]


def test_a_listener_that_fails_keeps_no_other_from_hearing(
    circuit: Circuit, prober: Prober, patient: Patient, caplog: pytest.LogCaptureFixture
) -> None:
    heard: list[str] = []

    def broken() -> None:
        raise ValueError("broken listener")

    prober.on_recovered(broken)
    prober.on_recovered(lambda: heard.append("recovered"))
    patient.ill = False
    trip(circuit)
    wait_until(lambda: heard)
    assert "broken listener" in caplog.text


def test_the_thread_lives_only_while_something_is_tripped(
    circuit: Circuit, patient: Patient
) -> None:
    assert probe_threads() == []
    trip(circuit)
    assert len(probe_threads()) == 1
    patient.ill = False
    wait_until(lambda: not probe_threads())


def test_close_ends_the_thread(circuit: Circuit, prober: Prober) -> None:
    trip(circuit)
    assert len(probe_threads()) == 1
    prober.close()
    wait_until(lambda: not probe_threads())


def test_a_listener_may_close_the_prober(
    circuit: Circuit, prober: Prober, patient: Patient
) -> None:
    prober.on_recovered(prober.close)
    patient.ill = False
    trip(circuit)
    wait_until(lambda: not circuit.tripped and not probe_threads())


def test_a_tripped_gate_that_nobody_probes_is_probed_at_the_next_call(
    circuit: Circuit, prober: Prober, patient: Patient
) -> None:
    trip(circuit)
    prober.close()  # as after a fork: the state is there, the thread is not
    patient.ill = False
    with pytest.raises(StoreUnavailable):
        circuit.check()
    wait_until(lambda: not circuit.tripped)


def test_one_thread_probes_all_gates(prober: Prober, patient: Patient) -> None:
    other = Patient()
    circuits = [Circuit("one", prober, patient.probe), Circuit("other", prober, other.probe)]
    for circuit in circuits:
        trip(circuit)
    assert len(probe_threads()) == 1
    other.ill = False
    wait_until(lambda: not circuits[1].tripped)
    assert circuits[0].tripped
    patient.ill = False
    wait_until(lambda: not circuits[0].tripped)


def test_every_error_is_counted_by_kind_whether_it_trips_or_not() -> None:
    prober = Prober()
    circuits = [Circuit(name, prober, lambda: None) for name in ("a", "b")]
    circuits[0].failed(exceptions.TimeoutError("late"))
    circuits[1].failed(exceptions.ConnectionError("refused"))
    circuits[1].noted(exceptions.ConnectionError("hung up"))
    circuits[1].succeeded()
    assert prober.errors == {"timeout": 1, "connection": 2}
    assert circuits[0].failures == 1
