"""A cluster whose parts move, fail and change roles while calls go on."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator

import pytest
import redis

from tests.contract.redis.scripts import ADD, ADD_BOTH, COUNT, ECHO, EMPTY
from tests.support.redis_fixtures import PATIENCE
from tests.support.redis_servers import CLUSTER_NODE_TIMEOUT, Cluster, Server, start_cluster
from tests.support.waiting import wait_until
from yoto.errors import StoreUnavailable
from yoto.redis import RedisConnection
from yoto.redis.keys import slot_of

Connect = Callable[..., RedisConnection]

# A server that a busy machine keeps waiting has not failed.
PATIENT = {"REDIS_SOCKET_TIMEOUT": PATIENCE, "REDIS_CONNECT_TIMEOUT": PATIENCE}
FAILOVER_LIMIT = CLUSTER_NODE_TIMEOUT / 1000 * 10  # s


@pytest.fixture(scope="module")
def cluster() -> Iterator[Cluster]:
    """A cluster of this module's own: its slots move and its primaries die."""
    with start_cluster() as cluster:
        yield cluster


@pytest.fixture
def connection(cluster: Cluster, connect: Connect) -> RedisConnection:
    cluster.wait_until_ready()
    return connect(REDIS_CLUSTER_NODES=cluster.nodes, **PATIENT)


@pytest.fixture
def name(request: pytest.FixtureRequest, connection: RedisConnection) -> str:
    return connection.keys.tagged(request.node.name)


class Load:
    """Threads that make a call again and again, and what came of it."""

    def __init__(self, call: Callable[[int], object], threads: int = 4) -> None:
        self._call = call
        self._stop = threading.Event()
        self._lock = threading.Lock()
        self.done = 0
        # When, and why.
        self.unavailable: list[tuple[float, str]] = []
        self.errors: list[BaseException] = []
        self._threads = [threading.Thread(target=self._work) for _ in range(threads)]

    def _work(self) -> None:
        while not self._stop.is_set():
            with self._lock:
                self.done += 1
                number = self.done
            try:
                self._call(number)
            except StoreUnavailable as error:
                self.unavailable.append((time.monotonic(), str(error)))
            except BaseException as error:
                self.errors.append(error)
                return
            # Leaves the processor to the servers.
            time.sleep(0.001)

    def __enter__(self) -> Load:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join()


def primary_of(cluster: Cluster, key: str) -> Server:
    return cluster.owner_of(slot_of(key))


def another_primary(cluster: Cluster, server: Server) -> Server:
    for candidate in cluster.servers:
        with candidate.client() as client:
            if candidate is not server and client.info("replication")["role"] == "master":
                return candidate
    raise LookupError("there is no other primary")


def test_calls_go_to_the_primary_of_their_slot(
    cluster: Cluster, connection: RedisConnection
) -> None:
    for number in range(12):
        key = connection.keys.tagged(number)
        assert connection.scripts.run(ECHO, [key], [1])[0] == key.encode()
        assert connection.topology.router.node_for(key).name == primary_of(cluster, key).address


def test_calls_for_several_slots_are_sent_before_any_reply_is_read(
    cluster: Cluster, connection: RedisConnection
) -> None:
    keys = [connection.keys.tagged(number) for number in range(30)]
    names = {primary_of(cluster, key).address for key in keys}
    assert len(names) == 3
    connection.scripts.run_many([(ECHO, [key], [1]) for key in keys])
    nodes = connection.topology.router.nodes()
    trace: list[tuple[str, str]] = []
    for node in nodes:
        link = node.take()
        node.give(_Traced(link, node.name, trace))  # type: ignore[arg-type]
    connection.scripts.run_many([(ECHO, [key], [1]) for key in keys])
    steps = [step for step, _ in trace]
    assert steps.count("send") == 3
    assert steps[:3] == ["send"] * 3


class _Traced:
    """A link that notes its use."""

    def __init__(self, link: object, name: str, trace: list[tuple[str, str]]) -> None:
        self._link = link
        self._name = name
        self._trace = trace

    def send(self, data: bytes) -> None:
        self._trace.append(("send", self._name))
        self._link.send(data)  # type: ignore[attr-defined]

    def read(self) -> object:
        self._trace.append(("read", self._name))
        return self._link.read()  # type: ignore[attr-defined]

    def __getattr__(self, name: str) -> object:
        return getattr(self._link, name)


def test_a_moved_slot_costs_one_redirection_and_is_remembered(
    cluster: Cluster, connection: RedisConnection, name: str
) -> None:
    assert connection.scripts.run(COUNT, [name]) == 1
    target = another_primary(cluster, primary_of(cluster, name))
    cluster.migrate_slot(slot_of(name), target)
    assert connection.scripts.run(COUNT, [name]) == 2
    assert connection.topology.router.node_for(name).name == target.address
    assert connection.client.get(name) == b"2"


def test_calls_on_a_slot_that_moves_all_succeed_and_run_once(
    cluster: Cluster, connection: RedisConnection, name: str
) -> None:
    with Load(lambda number: connection.scripts.run(COUNT, [name])) as load:
        for _ in range(3):
            wait_for_calls(load, 20)
            target = another_primary(cluster, primary_of(cluster, name))
            cluster.migrate_slot(slot_of(name), target, halfway=lambda: wait_for_calls(load, 20))
        wait_for_calls(load, 20)
    assert load.errors == []
    assert load.unavailable == []
    assert int(connection.client.get(name)) == load.done


def test_a_script_with_two_keys_waits_until_both_have_moved(
    cluster: Cluster, connection: RedisConnection, name: str
) -> None:
    keys = [name, name + ":more"]
    connection.scripts.run(ADD_BOTH, keys, ["start"])
    with Load(lambda number: connection.scripts.run(ADD_BOTH, keys, [number])) as load:
        wait_for_calls(load, 20)
        target = another_primary(cluster, primary_of(cluster, name))
        cluster.migrate_slot(slot_of(name), target)
        wait_for_calls(load, 20)
    assert load.errors == []
    assert load.unavailable == []
    assert connection.client.scard(name) == connection.client.scard(keys[1]) == load.done + 1


def test_waiting_for_a_slot_that_stays_half_moved_has_an_end(
    cluster: Cluster, connection: RedisConnection, name: str
) -> None:
    keys = [name, name + ":more"]
    connection.scripts.run(ADD_BOTH, keys, ["start"])
    target = another_primary(cluster, primary_of(cluster, name))

    def half_moved() -> None:
        with primary_of(cluster, name).client() as source:
            source.execute_command("MIGRATE", "127.0.0.1", target.port, name, 0, 5000)
        started = time.monotonic()
        with pytest.raises(StoreUnavailable):
            connection.scripts.run(ADD_BOTH, keys, ["never"])
        assert time.monotonic() - started < connection.settings.retry_time + 5

    cluster.migrate_slot(slot_of(name), target, halfway=half_moved)
    assert connection.scripts.run(ADD_BOTH, keys, ["end"]) == 1
    assert connection.client.smembers(name) == {b"start", b"end"}


def test_many_calls_find_their_slots_while_one_moves(
    cluster: Cluster, connection: RedisConnection, name: str
) -> None:
    keys = [name] + [connection.keys.tagged((name, number)) for number in range(5)]
    calls = [(COUNT, [key], []) for key in keys]
    with Load(lambda number: connection.scripts.run_many(calls)) as load:
        wait_for_calls(load, 20)
        target = another_primary(cluster, primary_of(cluster, name))
        cluster.migrate_slot(slot_of(name), target, halfway=lambda: wait_for_calls(load, 20))
        wait_for_calls(load, 20)
    assert load.errors == []
    assert load.unavailable == []
    assert [int(connection.client.get(key)) for key in keys] == [load.done] * len(keys)


def test_a_planned_failover_shows_to_no_caller(
    cluster: Cluster, connection: RedisConnection, name: str
) -> None:
    old = primary_of(cluster, name)
    with Load(lambda number: connection.scripts.run(ADD, [name], [number])) as load:
        wait_for_calls(load, 20)
        with _replica_of(cluster, old).client() as client:
            client.execute_command("CLUSTER", "FAILOVER")
        wait_until(lambda: primary_of(cluster, name) is not old)
        wait_for_calls(load, 20)
    assert load.errors == []
    assert load.unavailable == []
    assert connection.client.scard(name) == load.done


def test_a_killed_primary_is_replaced_and_other_slots_do_not_notice(
    cluster: Cluster, connection: RedisConnection, name: str
) -> None:
    victim = primary_of(cluster, name)
    elsewhere = next(
        key
        for key in (connection.keys.tagged((name, number)) for number in range(100))
        if primary_of(cluster, key) is not victim
    )
    killed_at = time.monotonic()
    with (
        Load(lambda number: connection.scripts.run(ADD, [name], [number])) as hit,
        Load(lambda number: connection.scripts.run(ADD, [elsewhere], [number]), 1) as unhurt,
    ):
        wait_for_calls(hit, 20)
        killed_at = time.monotonic()
        victim.kill()
        wait_until(lambda: primary_of(cluster, name) is not victim, FAILOVER_LIMIT)
        wait_until(lambda: _works(connection, name), 5)
        recovered_at = time.monotonic()
        wait_for_calls(hit, 100)
        wait_for_calls(unhurt, 20)
    assert hit.errors == [] and unhurt.errors == []
    assert unhurt.unavailable == []
    assert hit.unavailable, "the load was not there when the primary died"
    assert max(hit.unavailable)[0] <= recovered_at
    assert recovered_at - killed_at < FAILOVER_LIMIT
    assert connection.client.scard(name) > 0
    victim.start()


def test_a_paused_primary_costs_each_caller_little(
    cluster: Cluster, connect: Connect, name: str
) -> None:
    connection = connect(REDIS_CLUSTER_NODES=cluster.nodes)
    connection.scripts.run(EMPTY, [name])
    victim = primary_of(cluster, name)
    victim.pause()
    try:
        slow = 0
        for _ in range(20):
            started = time.monotonic()
            with pytest.raises(StoreUnavailable):
                connection.scripts.run(EMPTY, [name])
            slow += time.monotonic() - started > 0.05
        assert slow <= 3
        wait_until(lambda: _works(connection, name), FAILOVER_LIMIT)
    finally:
        victim.resume()


def test_the_client_follows_a_failover_too(
    cluster: Cluster, connection: RedisConnection, name: str
) -> None:
    connection.client.set(name, "kept")
    victim = primary_of(cluster, name)
    connection.client.wait(1, 1000, target_nodes=[_cluster_node(connection, victim)])
    victim.kill()
    for _ in range(5):
        with pytest.raises(StoreUnavailable):
            connection.client.get(name)
    wait_until(lambda: _reads(connection, name) == b"kept", FAILOVER_LIMIT)
    victim.start()


def test_a_failover_while_nobody_called_shows_to_no_caller(
    cluster: Cluster, connect: Connect, connection: RedisConnection, name: str
) -> None:
    busy, idle = connection, connect(REDIS_CLUSTER_NODES=cluster.nodes, **PATIENT)
    assert idle.scripts.run(EMPTY, [name]) == 1
    victim = primary_of(cluster, name)
    victim.kill()
    wait_until(lambda: _works(busy, name), FAILOVER_LIMIT)
    # Not even a script that may not be sent twice: the dead server never got it.
    assert idle.scripts.run(COUNT, [name]) == 1
    victim.start()


def test_scripts_need_no_client_call_to_find_the_cluster(
    cluster: Cluster, connect: Connect, name: str
) -> None:
    fresh = connect(REDIS_CLUSTER_NODES=cluster.primaries[-1].address)
    assert fresh.scripts.run(ECHO, [name], [1])[0] == name.encode()
    assert isinstance(fresh.client, redis.RedisCluster)


def wait_for_calls(load: Load, count: int) -> None:
    goal = load.done + count
    wait_until(lambda: load.done >= goal or load.errors, what=f"{count} calls")


def _works(connection: RedisConnection, key: str) -> bool:
    try:
        return connection.scripts.run(EMPTY, [key]) == 1
    except StoreUnavailable:
        return False


def _reads(connection: RedisConnection, key: str) -> object:
    try:
        return connection.client.get(key)
    except StoreUnavailable:
        return None


def _cluster_node(connection: RedisConnection, server: Server) -> object:
    return connection.client.get_node("127.0.0.1", server.port)


def _replica_of(cluster: Cluster, primary: Server) -> Server:
    for server in cluster.servers:
        with server.client() as client:
            info = client.info("replication")
        if info["role"] != "master" and info["master_port"] == primary.port:
            return server
    raise LookupError("the primary has no replica")
