"""The redis-py client that other packages are given."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

from tests.support.waiting import wait_until
from yoto.redis import RedisConnection

Key = Callable[[str], str]


def test_replies_are_bytes(connection: RedisConnection, key: Key) -> None:
    connection.client.set(key("a"), "käse")
    assert connection.client.get(key("a")) == "käse".encode()


def test_a_pipeline_reaches_every_key(connection: RedisConnection, key: Key) -> None:
    pipe = connection.client.pipeline(transaction=False)
    for number in range(20):
        pipe.set(key(str(number)), number)
    pipe.get(key("7"))
    assert pipe.execute()[-1] == b"7"


def test_a_blocking_read_may_last_longer_than_the_socket_time_out(
    connection: RedisConnection, key: Key
) -> None:
    patience = connection.settings.socket_timeout * 2
    started = time.monotonic()
    replies = connection.client.xread({key("s"): "$"}, block=int(patience * 1000))
    assert not replies
    assert time.monotonic() - started >= patience
    assert connection.client.blpop([key("l")], timeout=patience) is None


def test_a_blocking_read_wakes_for_an_entry(connection: RedisConnection, key: Key) -> None:
    timer = threading.Timer(0.05, lambda: connection.client.xadd(key("s"), {"field": "value"}))
    timer.start()
    started = time.monotonic()
    # From the beginning, so that nothing is missed should the entry be there first.
    replies = connection.client.xread({key("s"): "0"}, block=30_000)
    timer.join()
    assert time.monotonic() - started < 30
    assert b"value" in repr(replies).encode()


def test_messages_of_a_subscription_arrive(connection: RedisConnection, key: Key) -> None:
    subscription = connection.client.pubsub()
    subscription.subscribe(key("channel"))
    heard: list[bytes] = []

    def listen() -> bool:
        message = subscription.get_message()
        if message is not None and message["type"] == "message":
            heard.append(message["data"])
        elif message is not None:
            for number in range(3):
                connection.client.publish(key("channel"), number)
        return len(heard) == 3

    wait_until(listen)
    assert heard == [b"0", b"1", b"2"]
    subscription.close()


def test_the_client_is_one_and_the_same(connection: RedisConnection) -> None:
    assert connection.client is connection.client
