"""Outages of a server as callers see them, which pass by themselves."""

from __future__ import annotations

import statistics
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.contract.redis.scripts import ADD, COUNT, ECHO, EMPTY, REPEATABLE_COUNT
from tests.support.links import link_to
from tests.support.redis_servers import Server, start_valkey
from tests.support.waiting import wait_until
from yoto.errors import StoreUnavailable
from yoto.redis import RedisConnection
from yoto.redis.circuit import FAILURES_TO_TRIP

Connect = Callable[..., RedisConnection]

# On top of the socket time-out a call may be late by what a busy machine's scheduler takes.
SLACK = 2.0  # s; far less than the attempts that must not be made


@pytest.fixture
def server() -> Iterator[Server]:
    """A server of the test's own, to be broken."""
    with start_valkey() as server:
        yield server


@pytest.fixture
def connection(server: Server, connect: Connect) -> RedisConnection:
    return connect(REDIS_URL=server.url)


def run(connection: RedisConnection) -> Any:
    return connection.scripts.run(EMPTY, ["k"])


def get(connection: RedisConnection) -> Any:
    return connection.client.get("k")


def trip(connection: RedisConnection) -> None:
    for _ in range(FAILURES_TO_TRIP):
        with pytest.raises(StoreUnavailable):
            run(connection)
    assert not connection.available


@pytest.fixture(params=[run, get])
def call(request: pytest.FixtureRequest) -> Callable[[RedisConnection], Any]:
    """One call by the short path, and one by the redis-py client."""
    call: Callable[[RedisConnection], Any] = request.param
    return call


def test_the_first_errors_cost_the_socket_timeout(
    server: Server, connection: RedisConnection, call: Callable[[RedisConnection], Any]
) -> None:
    call(connection)
    server.pause()
    for _ in range(FAILURES_TO_TRIP):
        started = time.monotonic()
        with pytest.raises(StoreUnavailable) as caught:
            call(connection)
        assert caught.value.store == "redis"
        assert time.monotonic() - started < connection.settings.socket_timeout + SLACK


def test_later_calls_fail_in_under_a_millisecond(
    server: Server, connection: RedisConnection, call: Callable[[RedisConnection], Any]
) -> None:
    call(connection)
    server.pause()
    trip(connection)
    times = []
    for _ in range(200):
        started = time.perf_counter()
        with pytest.raises(StoreUnavailable):
            call(connection)
        times.append(time.perf_counter() - started)
    assert statistics.median(times) < 0.001


def test_a_dead_port_costs_no_waiting_at_all(
    server: Server, connection: RedisConnection, call: Callable[[RedisConnection], Any]
) -> None:
    server.kill()
    started = time.monotonic()
    for _ in range(FAILURES_TO_TRIP + 1):
        with pytest.raises(StoreUnavailable):
            call(connection)
    assert time.monotonic() - started < connection.settings.retry_time + SLACK


@pytest.mark.parametrize("outage", ["kill", "pause"])
def test_it_heals_by_itself_and_says_so(
    server: Server, connection: RedisConnection, outage: str
) -> None:
    heard = threading.Event()
    connection.on_recovered(heard.set)
    run(connection)
    getattr(server, outage)()
    trip(connection)
    server.start() if outage == "kill" else server.resume()
    wait_until(lambda: connection.available, 5)
    assert heard.wait(5)
    assert run(connection) == 1
    assert get(connection) is None


def test_it_heals_when_it_was_away_from_the_start(server: Server, connect: Connect) -> None:
    server.kill()
    connection = connect(REDIS_URL=server.url)
    trip(connection)
    server.start()
    wait_until(lambda: connection.available, 5)
    assert run(connection) == 1


def test_a_restart_between_calls_shows_to_no_caller(
    server: Server, connection: RedisConnection
) -> None:
    assert connection.scripts.run(ADD, ["k"], ["a"]) == 1
    assert connection.scripts.run(COUNT, ["n"]) == 1
    assert connection.client.scard("k") == 1
    server.restart()
    assert connection.scripts.run(ADD, ["k"], ["b"]) == 1
    assert connection.client.smembers("k") == {b"b"}
    server.restart()
    assert connection.scripts.run(COUNT, ["n"]) == 1


def test_connections_that_the_server_closed_trip_nothing(
    server: Server, connection: RedisConnection
) -> None:
    for _ in range(FAILURES_TO_TRIP * 2):
        run(connection)
        with server.client() as outside:
            outside.execute_command("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes")
        assert run(connection) == 1
    assert connection.available


def test_a_late_reply_is_never_taken_for_another_calls(
    server: Server, connection: RedisConnection
) -> None:
    assert connection.scripts.run(ECHO, ["k"], ["first"])[1] == b"first"
    server.pause()
    with pytest.raises(StoreUnavailable):
        connection.scripts.run(ECHO, ["k"], ["late"])
    server.resume()
    wait_until(lambda: connection.available, 5)
    for number in range(10):
        assert connection.scripts.run(ECHO, ["k"], [number])[1] == str(number).encode()


def test_a_repeatable_script_that_lost_its_reply_is_sent_again(
    server: Server, connect: Connect
) -> None:
    with link_to(server.port) as link:
        connection = connect(REDIS_URL=f"redis://{link.address}")
        assert connection.scripts.run(REPEATABLE_COUNT, ["n"]) == 1
        link.lose_reply()
        assert connection.scripts.run(REPEATABLE_COUNT, ["n"]) == 3
        link.lose_reply()
        replies = connection.scripts.run_many([(REPEATABLE_COUNT, ["n"], [])] * 2)
        assert replies == [6, 7]
        connection.close()


def test_a_script_that_is_not_repeatable_is_never_sent_twice(
    server: Server, connect: Connect
) -> None:
    with link_to(server.port) as link, server.client() as outside:
        connection = connect(REDIS_URL=f"redis://{link.address}")
        assert connection.scripts.run(COUNT, ["n"]) == 1
        link.lose_reply()
        with pytest.raises(StoreUnavailable):
            connection.scripts.run(COUNT, ["n"])
        assert outside.get("n") == b"2"
        assert connection.scripts.run(COUNT, ["n"]) == 3
        link.lose_reply()
        replies = connection.scripts.run_many([(COUNT, ["n"], [])] * 2, raise_errors=False)
        assert [type(reply) for reply in replies] == [StoreUnavailable] * 2
        assert outside.get("n") == b"5"
        assert connection.scripts.run(COUNT, ["n"]) == 6
        connection.close()


def test_callers_during_an_outage_see_nothing_but_store_unavailable(
    server: Server, connection: RedisConnection
) -> None:
    other: list[BaseException] = []
    refused = threading.Event()
    stop = threading.Event()

    def work() -> None:
        while not stop.is_set():
            try:
                run(connection)
                connection.scripts.run_many([(EMPTY, ["k"], []), (ADD, ["s"], [1])])
                get(connection)
            except StoreUnavailable:
                refused.set()
            except BaseException as error:
                other.append(error)
                return
            time.sleep(0.001)

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    wait_until(lambda: connection.topology.router.nodes())
    server.kill()
    assert refused.wait(5)
    server.start()
    wait_until(lambda: connection.available, 5)
    assert run(connection) == 1
    stop.set()
    for thread in threads:
        thread.join()
    assert other == []


def probes() -> set[threading.Thread]:
    return {thread for thread in threading.enumerate() if thread.name == "yoto-redis-probe"}


def test_close_ends_the_probe_and_a_later_use_connects_anew(
    server: Server, connection: RedisConnection
) -> None:
    run(connection)
    server.pause()
    # Other tests may have left some behind.
    before = probes()
    trip(connection)
    connection.close()
    wait_until(lambda: probes() <= before)
    server.resume()
    assert run(connection) == 1
