"""Servers that answer and do not do their work: as good as no answer, and named by their code."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
import redis
from redis.exceptions import ResponseError

from tests.contract.redis.scripts import ADD, FAILS
from tests.support.redis_servers import Server, start_redis, start_valkey
from tests.support.require import missing
from yoto.errors import StoreUnavailable
from yoto.redis import RedisConnection, get_redis_info
from yoto.redis.refusals import refusal_code

Connect = Callable[..., RedisConnection]

USER = ("reset", "on", "nopass", "~*", "&*", "+@all")


def config(**values: str) -> Callable[[redis.Redis], None]:
    def set_all(client: redis.Redis) -> None:
        for name, value in values.items():
            client.config_set(name.replace("_", "-"), value)

    return set_all


def follow_nobody(client: redis.Redis) -> None:
    client.execute_command("REPLICAOF", "127.0.0.1", "1")


def permit(*rules: str) -> Callable[[redis.Redis], None]:
    def set_user(client: redis.Redis) -> None:
        client.execute_command("ACL", "SETUSER", "default", *USER, *rules)

    return set_user


REFUSALS = {
    "OOM": config(maxmemory="1"),
    "NOREPLICAS": config(min_replicas_to_write="1"),
    "NOPERM": permit("-sadd", "-set"),
    "READONLY": follow_nobody,
}
BINARIES = {"valkey": start_valkey, "redis": start_redis}


@pytest.fixture(scope="module", params=BINARIES)
def server(request: pytest.FixtureRequest) -> Iterator[Server]:
    server = BINARIES[request.param]()
    if server is None:
        missing("redis-server is not installed")
    with server:
        yield server


@pytest.fixture
def refusing(server: Server) -> Iterator[Callable[[str], None]]:
    """Makes the server refuse by a code."""
    with server.client() as outside:
        yield lambda code: REFUSALS[code](outside)
        outside.config_set("maxmemory", "0")
        outside.config_set("min-replicas-to-write", "0")
        outside.execute_command("ACL", "SETUSER", "default", *USER)
        outside.execute_command("REPLICAOF", "NO", "ONE")


@pytest.mark.parametrize("code", REFUSALS)
def test_a_refusal_is_a_store_that_is_not_to_be_had(
    server: Server, connect: Connect, refusing: Callable[[str], None], code: str
) -> None:
    connection = connect(REDIS_URL=server.url, REDIS_RETRY_TIME=0.05)
    calls: list[Callable[[], Any]] = [
        lambda: connection.scripts.run(ADD, ["k"], ["a"]),
        lambda: connection.scripts.run_many([(ADD, ["k"], ["a"])]),
        lambda: connection.scripts.run_confirmed(ADD, ["k"], ["a"], 0, 0.01),
        lambda: connection.client.sadd("k", "a"),
    ]
    assert [bool(call()) for call in calls]
    assert [node.writes for node in get_redis_info(connection).nodes] == [True]
    refusing(code)
    assert [(node.writes, node.refuses) for node in get_redis_info(connection).nodes] == [
        (False, code)
    ]
    for call in calls:
        with pytest.raises(StoreUnavailable) as caught:
            call()
        assert caught.value.store == "redis"
        assert refusal_code(caught.value.cause) == code


def test_a_call_that_is_wrong_stays_a_bug(server: Server, connect: Connect) -> None:
    connection = connect(REDIS_URL=server.url)
    with pytest.raises(ResponseError) as caught:
        connection.scripts.run(FAILS, ["n"])
    assert not isinstance(caught.value, StoreUnavailable)
    connection.client.lpush("list", 1)
    with pytest.raises(ResponseError) as caught:
        connection.client.get("list")
    assert not isinstance(caught.value, StoreUnavailable)


@pytest.mark.parametrize("url", ["/99", "?username=nobody&password=wrong"])
def test_a_handshake_that_is_refused_is_no_server(
    server: Server, connect: Connect, url: str
) -> None:
    connection = connect(REDIS_URL=server.url.removesuffix("/0") + url)
    for call in (lambda: connection.scripts.run(ADD, ["k"], ["a"]), connection.client.ping):
        with pytest.raises(StoreUnavailable):
            call()
