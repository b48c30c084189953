"""Waiting for streams on a connection of its own, which can be called away at once."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator

import pytest
from redis import exceptions

from tests.contract.redis.conftest import Connect
from tests.support.redis_servers import Server, start_valkey
from tests.support.waiting import wait_until
from yoto.errors import StoreUnavailable
from yoto.redis import RedisConnection
from yoto.redis.stream_reader import StreamReader

Key = Callable[[str], str]
# ms; no read of these tests ends because its time is over, but for one.
LONG_MS = 60_000


@pytest.fixture
def reader(connection: RedisConnection) -> Iterator[StreamReader]:
    reader = StreamReader(connection)
    yield reader
    reader.end()


class Waiter:
    """A thread that reads once."""

    def __init__(self, reader: StreamReader, key: str) -> None:
        self.replies: list[object] = []
        self._thread = threading.Thread(target=self._read, args=(reader, key))
        self._thread.start()
        # It may not wait yet; a read that begins later is called away just the same.
        wait_until(lambda: reader._reading)

    def _read(self, reader: StreamReader, key: str) -> None:
        try:
            self.replies.append(reader.read({key: "0"}, 10, LONG_MS))
        except Exception as error:
            self.replies.append(error)

    def outcome(self) -> object:
        """The result of the read; fails when it goes on."""
        self._thread.join(10)
        (reply,) = self.replies
        return reply


def test_entries_after_an_id_come_oldest_first(
    connection: RedisConnection, reader: StreamReader, key: Key
) -> None:
    name = key("s")
    ids = [connection.client.xadd(name, {"n": number}) for number in range(3)]
    assert reader.read({name: ids[0].decode()}, 10, 1) == {
        name: [(ids[1], {b"n": b"1"}), (ids[2], {b"n": b"2"})]
    }


def test_streams_of_one_server_are_read_together(
    connection: RedisConnection, reader: StreamReader
) -> None:
    one, two, empty = (connection.keys.tagged("same-slot", name) for name in ("1", "2", "3"))
    ids = [connection.client.xadd(name, {"n": 1}) for name in (one, two)]
    try:
        found = reader.read({one: "0", empty: "0", two: "0"}, 10, 1)
    finally:
        connection.client.delete(one, two)
    assert found == {one: [(ids[0], {b"n": b"1"})], two: [(ids[1], {b"n": b"1"})]}


def test_the_first_entry_ends_a_read_that_waits(
    connection: RedisConnection, reader: StreamReader, key: Key
) -> None:
    waiter = Waiter(reader, key("s"))
    entry_id = connection.client.xadd(key("s"), {"n": 1})
    assert waiter.outcome() == {key("s"): [(entry_id, {b"n": b"1"})]}


def test_a_read_ends_with_nothing_when_its_time_is_over(reader: StreamReader, key: Key) -> None:
    assert reader.read({key("s"): "0"}, 10, 20) == {}


def test_a_read_may_wait_longer_than_a_socket_may_be_silent(connect: Connect, key: Key) -> None:
    with start_valkey() as server:
        reader = StreamReader(connect(REDIS_URL=server.url, REDIS_SOCKET_TIMEOUT=0.1))
        assert reader.read({key("s"): "0"}, 10, 400) == {}
        reader.end()


def test_ending_calls_away_a_read_that_waits(reader: StreamReader, key: Key) -> None:
    waiter = Waiter(reader, key("s"))
    began = time.monotonic()
    reader.end()
    assert waiter.outcome() is None
    assert time.monotonic() - began < LONG_MS / 1000 / 10


def test_an_ended_reader_reads_no_more_and_keeps_no_connection(
    connection: RedisConnection, reader: StreamReader, key: Key
) -> None:
    reader.read({key("s"): "0"}, 10, 1)
    opened, _ = connection.links()
    reader.end()
    assert connection.links()[0] == opened - 1
    connection.client.xadd(key("s"), {"n": 1})
    assert reader.read({key("s"): "0"}, 10, LONG_MS) is None


def test_a_key_that_holds_something_else_is_the_callers_mistake(
    connection: RedisConnection, reader: StreamReader, key: Key
) -> None:
    connection.client.set(key("s"), "text", ex=60)
    with pytest.raises(exceptions.ResponseError, match="WRONGTYPE|Operation against"):
        reader.read({key("s"): "0"}, 10, 1)
    connection.client.delete(key("s"))
    assert reader.read({key("s"): "0"}, 10, 1) == {}


class TestWithAServerOfItsOwn:
    @pytest.fixture
    def server(self) -> Iterator[Server]:
        with start_valkey() as server:
            yield server

    @pytest.fixture
    def connection(self, server: Server, connect: Connect) -> RedisConnection:
        return connect(REDIS_URL=server.url)

    def test_a_server_that_went_is_unavailable_and_one_that_came_back_is_read(
        self, server: Server, connection: RedisConnection, reader: StreamReader
    ) -> None:
        waiter = Waiter(reader, "s")
        server.kill()
        assert isinstance(waiter.outcome(), StoreUnavailable)
        server.start()
        wait_until(lambda: connection.available)
        with server.client() as outside:
            entry_id = outside.xadd("s", {"n": 1})

        def read() -> bool:
            try:
                return reader.read({"s": "0"}, 10, 1) == {"s": [(entry_id, {b"n": b"1"})]}
            except StoreUnavailable:
                return False

        wait_until(read)

    def test_a_server_that_stands_still_is_unavailable(
        self, server: Server, reader: StreamReader
    ) -> None:
        reader.read({"s": "0"}, 10, 1)
        server.pause()
        with pytest.raises(StoreUnavailable):
            reader.read({"s": "0"}, 10, 1)
        server.resume()

    def test_ending_does_not_wait_for_a_server_that_stands_still(
        self, server: Server, reader: StreamReader
    ) -> None:
        waiter = Waiter(reader, "s")
        server.pause()
        reader.end()
        assert waiter.outcome() is None
        server.resume()


def test_a_read_follows_a_slot_that_moved(
    connection: RedisConnection, reader: StreamReader, key: Key
) -> None:
    router = connection.topology.router
    if len(router.nodes()) < 2:
        pytest.skip("one server has all slots")
    name = key("s")
    entry_id = connection.client.xadd(name, {"n": 1})
    wrong = next(node for node in router.nodes() if node is not router.node_for(name))
    slots = connection.client.nodes_manager.slots_cache
    slot = connection.client.keyslot(name)
    host, port = wrong.name.rsplit(":", 1)
    slots[slot] = [connection.client.get_node(host, int(port))]
    assert reader.read({name: "0"}, 10, 1) == {name: [(entry_id, {b"n": b"1"})]}
    assert router.node_for(name) is not wrong
