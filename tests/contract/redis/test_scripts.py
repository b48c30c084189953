"""The promises of the registry on every kind of server."""

from __future__ import annotations

import threading
from collections.abc import Callable

import pytest
from redis.exceptions import ResponseError

from tests.contract.redis.scripts import COUNT, ECHO, EMPTY, FAILS, LARGE, NIL, REFUSES
from tests.support.round_trips import count_round_trips
from yoto.redis import RedisConnection, Script
from yoto.redis.link import pack_command

Key = Callable[[str], str]


def test_keys_and_arguments_arrive_as_bytes(connection: RedisConnection, key: Key) -> None:
    reply = connection.scripts.run(ECHO, [key("a")], ["käse", 2, 2.5, b"\x00\xff"])
    assert reply == [key("a").encode(), "käse".encode(), 1, 4]


def test_a_script_runs_without_keys_and_arguments(connection: RedisConnection) -> None:
    assert connection.scripts.run(EMPTY, []) == 1


def test_nil_is_none(connection: RedisConnection, key: Key) -> None:
    assert connection.scripts.run(NIL, [key("a")]) is None


def test_a_reply_larger_than_any_buffer_is_whole(connection: RedisConnection, key: Key) -> None:
    assert connection.scripts.run(LARGE, [key("a")], [3_000_000]) == b"x" * 3_000_000


@pytest.mark.parametrize("script", [FAILS, REFUSES])
def test_an_error_of_the_script_stays_what_it_is(
    connection: RedisConnection, key: Key, script: Script
) -> None:
    with pytest.raises(ResponseError):
        connection.scripts.run(script, [key("a")])
    assert connection.scripts.run(ECHO, [key("a")], [1])[1] == b"1"


def test_a_script_that_no_server_knows_is_loaded(connection: RedisConnection, key: Key) -> None:
    fresh = Script("fresh", f"return 'fresh {key('a')}'", repeatable=False)
    assert connection.scripts.run(fresh, [key("a")]) == f"fresh {key('a')}".encode()


def test_a_flush_of_all_scripts_shows_to_nobody(connection: RedisConnection, key: Key) -> None:
    names = [key(str(number)) for number in range(6)]
    for round_number in (1, 2):
        for node in connection.topology.router.nodes():
            assert node.call(b"*2\r\n$6\r\nSCRIPT\r\n$5\r\nFLUSH\r\n") in ("OK", b"OK")
        replies = connection.scripts.run_many([(COUNT, [name], []) for name in names])
        assert replies == [round_number] * 6


def test_many_calls_of_a_script_cost_one_more_round_trip_where_a_server_forgot_it(
    connection: RedisConnection, key: Key
) -> None:
    fresh = Script("fresh", f"return redis.call('INCR', KEYS[1]) -- {key('a')}", repeatable=False)
    names = [key(str(number)) for number in range(300)]
    nodes = connection.topology.router.nodes()
    for expected in (len(nodes), 2 * len(nodes)):
        with count_round_trips(nodes) as trips:
            connection.scripts.run_many([(fresh, [name], []) for name in names])
        assert len(trips) == expected
        for node in nodes:
            node.call(pack_command((b"SCRIPT", b"FLUSH")))
    assert connection.scripts.run_many([(fresh, [name], []) for name in names]) == [3] * 300


def test_calls_run_in_their_order_also_where_a_script_is_new(
    connection: RedisConnection, key: Key
) -> None:
    assert connection.scripts.run(COUNT, [key("a")]) == 1
    text = f"return redis.call('INCRBY', KEYS[1], 10) -- {key('a')}"
    fresh = Script("fresh", text, repeatable=False)
    calls = [(fresh, [key("a")], []), (COUNT, [key("a")], [])]
    assert connection.scripts.run_many(calls) == [11, 12]


def test_replies_of_many_calls_stand_in_the_order_of_the_calls(
    connection: RedisConnection, key: Key
) -> None:
    names = [key(str(number)) for number in range(50)]
    replies = connection.scripts.run_many([(ECHO, [name], [name]) for name in names])
    assert [reply[1].decode() for reply in replies] == names


def test_many_calls_of_none_are_none(connection: RedisConnection) -> None:
    assert connection.scripts.run_many([]) == []


def test_one_failing_call_keeps_no_other_from_running(
    connection: RedisConnection, key: Key
) -> None:
    calls = [(COUNT, [key("a")], []), (FAILS, [key("b")], []), (COUNT, [key("c")], [])]
    replies = connection.scripts.run_many(calls, raise_errors=False)
    assert (replies[0], replies[2]) == (1, 1)
    assert isinstance(replies[1], ResponseError)
    with pytest.raises(ResponseError):
        connection.scripts.run_many(calls)
    assert connection.scripts.run(COUNT, [key("a")]) == 3


def test_each_thread_gets_its_own_reply(connection: RedisConnection, key: Key) -> None:
    wrong: list[object] = []

    def work(number: int) -> None:
        for turn in range(50):
            mark = f"{number}-{turn}".encode()
            reply = connection.scripts.run(ECHO, [key(str(number))], [mark])
            if reply[1] != mark:
                wrong.append((mark, reply))

    threads = [threading.Thread(target=work, args=(number,)) for number in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []


def test_more_threads_than_connections_wait_for_their_turn(
    request: pytest.FixtureRequest, connect: Callable[..., RedisConnection]
) -> None:
    server = request.getfixturevalue("valkey_server")
    few = connect(REDIS_URL=server.url, REDIS_MAX_CONNECTIONS=2, REDIS_SOCKET_TIMEOUT=5)
    name = few.keys.tagged(request.node.name)
    few.client.delete(name)

    def work() -> None:
        for _ in range(25):
            few.scripts.run(COUNT, [name])
            few.client.get(name)

    threads = [threading.Thread(target=work) for _ in range(10)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert few.scripts.run(COUNT, [name]) == 251


def test_an_argument_of_a_wrong_type_is_refused_before_anything_is_sent(
    connection: RedisConnection, key: Key
) -> None:
    with pytest.raises(TypeError):
        connection.scripts.run(ECHO, [key("a")], [None])  # type: ignore[list-item]
    assert connection.scripts.run(ECHO, [key("a")], [1])[1] == b"1"
