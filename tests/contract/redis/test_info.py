from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from flask import Flask

from tests.contract.redis.scripts import EMPTY
from tests.support.redis_servers import Server, start_valkey
from yoto.redis import RedisConnection, RedisStore, get_redis_info, test_redis_connection

Connect = Callable[..., RedisConnection]


@pytest.fixture
def server() -> Iterator[Server]:
    with start_valkey() as server:
        yield server


def test_every_server_is_described(connection: RedisConnection) -> None:
    info = get_redis_info(connection)
    assert info.available and info.error is None
    assert info.topology == connection.topology.kind
    roles = [node.role for node in info.nodes]
    if info.topology == "cluster":
        assert roles == ["primary"] * 3 + ["replica"] * 3
    else:
        assert roles == ["primary"]
    for node in info.nodes:
        assert node.available and node.software in ("redis", "valkey")
        assert node.version and int(node.version.split(".")[0]) >= 7
        assert node.used_memory and node.used_memory > 100_000
        assert node.latency_ms and 0 < node.latency_ms < 1000


def test_a_server_that_is_away_is_described_as_such(server: Server, connect: Connect) -> None:
    connection = connect(REDIS_URL=server.url)
    connection.scripts.run(EMPTY, ["k"])
    server.kill()
    info = get_redis_info(connection)
    assert info.topology == "single"
    assert [node.available for node in info.nodes] == [False]
    assert info.nodes[0].error and info.nodes[0].latency_ms is None


def test_a_cluster_that_never_answered_is_an_error_and_no_exception(
    server: Server, connect: Connect
) -> None:
    server.kill()
    info = get_redis_info(connect(REDIS_CLUSTER_NODES=server.address))
    assert (info.topology, info.available, info.nodes) == (None, False, ())
    assert info.error and server.address in info.error


def test_the_test_of_a_connection_says_how_fast_it_is(connection: RedisConnection) -> None:
    outcome = test_redis_connection(connection)
    assert outcome and outcome.latency_ms is not None and outcome.latency_ms > 0


def test_the_test_of_a_dead_connection_says_why(server: Server, connect: Connect) -> None:
    connection = connect(REDIS_URL=server.url)
    server.kill()
    for _ in range(5):
        outcome = test_redis_connection(connection)
        assert not outcome
        assert str(server.port) in outcome.reason


def test_they_speak_of_the_current_application_by_themselves(
    valkey_server: Server, connect: Connect
) -> None:
    app = Flask("asks")
    app.config["REDIS_URL"] = valkey_server.url
    RedisStore().init_app(app)
    with app.app_context():
        assert test_redis_connection()
        assert get_redis_info().nodes[0].address == valkey_server.address
    RedisStore.of(app).close()
