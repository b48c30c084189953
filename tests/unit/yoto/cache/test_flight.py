from __future__ import annotations

import threading

import pytest

from tests.support.waiting import wait_until
from yoto.cache.flight import Flights


def test_who_comes_second_gets_what_the_first_has_loaded() -> None:
    flights: Flights[str] = Flights()
    flight, leads = flights.board("key")
    assert leads
    other, also_leads = flights.board("key")
    assert other is flight and not also_leads
    assert flights.lead("key", flight, lambda: "value") == "value"
    assert other.wait(0) and other.result == "value"


def test_a_flight_that_has_landed_takes_nobody_on() -> None:
    flights: Flights[str] = Flights()
    flights.lead("key", flights.board("key")[0], lambda: "value")
    assert len(flights) == 0
    assert flights.board("key")[1]


def test_keys_do_not_wait_for_each_other() -> None:
    flights: Flights[str] = Flights()
    assert flights.board("one")[1]
    assert flights.board("other")[1]


def test_an_error_reaches_everybody_and_is_not_kept() -> None:
    flights: Flights[str] = Flights()
    flight, _ = flights.board("key")

    def fail() -> str:
        raise ConnectionError("the database is away")

    with pytest.raises(ConnectionError):
        flights.lead("key", flight, fail)
    assert flight.wait(0)
    assert isinstance(flight.error, ConnectionError)
    assert flights.board("key")[1]


def test_a_leader_who_is_stopped_leaves_the_others_to_themselves() -> None:
    flights: Flights[str] = Flights()
    flight, _ = flights.board("key")

    def stop() -> str:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        flights.lead("key", flight, stop)
    assert flight.wait(0)
    assert flight.error is flight.result is None


def test_a_hundred_threads_load_once() -> None:
    flights: Flights[int] = Flights()
    loads, results = [], []
    go = threading.Event()

    def load() -> int:
        loads.append(1)
        wait_until(lambda: boarded == 100, what="everybody to come")
        return 42

    boarded = 0
    count = threading.Lock()

    def miss() -> None:
        nonlocal boarded
        go.wait()
        flight, leads = flights.board("key")
        with count:
            boarded += 1
        if leads:
            results.append(flights.lead("key", flight, load))
        else:
            flight.wait(60)
            results.append(flight.result or 0)

    threads = [threading.Thread(target=miss) for _ in range(100)]
    for thread in threads:
        thread.start()
    go.set()
    for thread in threads:
        thread.join()
    assert len(loads) == 1
    assert results == [42] * 100
