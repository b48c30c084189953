"""TLS to Redis, to one server and to a cluster: trusted certificates, and texts of errors."""

from __future__ import annotations

import gc
import socketserver
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from tests.contract.redis.scripts import EMPTY
from tests.support.redis_fixtures import PATIENCE
from tests.support.redis_servers import Server, start_cluster, start_valkey
from tests.support.tls import Authority, TlsServer
from tests.support.waiting import HOST, wait_until
from yoto.errors import ConfigurationError, StoreUnavailable
from yoto.redis import RedisConnection

Connect = Callable[..., RedisConnection]
# eventlet leaves the socket of a handshake that failed to the garbage collector.
pytestmark = pytest.mark.filterwarnings("ignore:unclosed <eventlet.green.ssl:ResourceWarning")
PATIENT = {"REDIS_SOCKET_TIMEOUT": PATIENCE, "REDIS_CONNECT_TIMEOUT": PATIENCE}


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture(scope="module")
def stranger(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    """An authority that the servers do not know."""
    return Authority(tmp_path_factory.mktemp("stranger"))


@pytest.fixture(scope="module")
def server(authority: Authority) -> Iterator[TlsServer]:
    with TlsServer(authority).start() as started:
        yield started


def known_to(authority: Authority, trusts: Authority | None = None) -> dict[str, Any]:
    """The settings of a client whose certificate ``authority`` signed."""
    own = authority.issue("yoto.example")
    return PATIENT | {
        "REDIS_TLS_CA_CERTS": (trusts or authority).certificates,
        "REDIS_TLS_CERT": own.certificate,
        "REDIS_TLS_KEY": own.key,
    }


@pytest.fixture(scope="module", autouse=True)
def collected() -> Iterator[None]:
    """Leave no such socket to the tests of others; each time takes seconds where much is loaded."""
    yield
    gc.collect()


def works(connection: RedisConnection) -> bool:
    connection.client.set("k", "v")
    return connection.scripts.run(EMPTY, ["k"]) == 1 and connection.client.get("k") == b"v"


def refused(connection: RedisConnection) -> str:
    """The error that the first caller gets; fail-fast refuses others later."""
    with pytest.raises(StoreUnavailable) as caught:
        connection.client.get("k")
    return str(caught.value)


def test_one_server_is_reached_by_who_trusts_and_is_trusted(
    server: TlsServer, authority: Authority, connect: Connect
) -> None:
    assert works(connect(REDIS_URL=server.url, **known_to(authority)))
    named = {"REDIS_CLUSTER_NODES": server.address, "REDIS_TLS": True}
    assert works(connect(**named, **known_to(authority)))


def test_a_key_may_stand_in_the_file_of_its_certificate(
    server: TlsServer, authority: Authority, connect: Connect, tmp_path: Path
) -> None:
    own = authority.issue("yoto.example")
    both = tmp_path / "both.pem"
    both.write_text(Path(own.certificate).read_text() + Path(own.key).read_text())
    settings = known_to(authority) | {"REDIS_TLS_CERT": str(both), "REDIS_TLS_KEY": None}
    assert works(connect(REDIS_URL=server.url, **settings))


def test_a_server_of_an_unknown_authority_is_not_believed(
    server: TlsServer, authority: Authority, stranger: Authority, connect: Connect
) -> None:
    said = refused(connect(REDIS_URL=server.url, **known_to(authority, trusts=stranger)))
    assert "CERTIFICATE_VERIFY_FAILED" in said and "REDIS_TLS" not in said


def test_a_certificate_must_name_the_host_that_was_asked_for(
    server: TlsServer, authority: Authority, connect: Connect
) -> None:
    elsewhere = server.url.replace(HOST, "localhost")
    assert "not valid for 'localhost'" in refused(
        connect(REDIS_URL=elsewhere, **known_to(authority))
    )


@pytest.mark.parametrize("shows", ["nothing", "one that the server does not trust"])
def test_without_a_certificate_of_ours_the_error_asks_for_one(
    server: TlsServer, authority: Authority, stranger: Authority, connect: Connect, shows: str
) -> None:
    settings = known_to(stranger, trusts=authority)
    if shows == "nothing":
        settings |= {"REDIS_TLS_CERT": None, "REDIS_TLS_KEY": None}
    assert "REDIS_TLS_CERT" in refused(connect(REDIS_URL=server.url, **settings))


def test_who_speaks_plainly_to_a_port_with_tls_is_told_of_it(
    server: TlsServer, connect: Connect
) -> None:
    plain = server.url.replace("rediss", "redis")
    assert "set REDIS_TLS" in refused(connect(REDIS_URL=plain, **PATIENT))


class HangsUp(socketserver.BaseRequestHandler):
    """Takes a connection, and ends it in order, as a server with TLS does when asked plainly."""

    def handle(self) -> None:
        self.request.recv(1024)


class OnAPortJustLeft(socketserver.TCPServer):
    allow_reuse_address = True


@contextmanager
def hanging_up(port: int) -> Iterator[None]:
    """A server on ``port`` that hangs up at every request."""
    with OnAPortJustLeft((HOST, port), HangsUp) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield
        finally:
            server.shutdown()
            thread.join()


@pytest.mark.parametrize("known", [True, False])
def test_only_a_server_that_never_took_us_is_suspected_of_tls(
    connect: Connect, known: bool
) -> None:
    with start_valkey() as server:
        settings = PATIENT | {"REDIS_URL": f"redis://{HOST}:{server.port}/0"}
        assert not known or works(connect(**settings))
    with hanging_up(server.port):
        assert ("TLS" in refused(connect(**settings))) is not known


def test_a_server_without_tls_gets_no_word_from_who_wants_it(
    valkey_server: Server, authority: Authority, connect: Connect
) -> None:
    settings = known_to(authority) | {"REDIS_SOCKET_TIMEOUT": 0.2, "REDIS_CONNECT_TIMEOUT": 0.2}
    wanted = valkey_server.url.replace("redis", "rediss")
    assert "may not speak TLS" in refused(connect(REDIS_URL=wanted, **settings))


def test_a_cluster_speaks_tls_at_every_node_and_after_a_failover(
    authority: Authority, stranger: Authority, connect: Connect
) -> None:
    with start_cluster(make=partial(TlsServer, authority)) as cluster:
        nodes = {"REDIS_CLUSTER_NODES": cluster.nodes, "REDIS_TLS": True}
        connection = connect(**nodes, **known_to(authority))
        keys = [connection.keys.plain(str(number)) for number in range(30)]
        assert [connection.scripts.run(EMPTY, [key]) for key in keys] == [1] * len(keys)
        said = refused(connect(**nodes, **known_to(authority, trusts=stranger)))
        assert "CERTIFICATE_VERIFY_FAILED" in said
        assert "set REDIS_TLS" in refused(connect(REDIS_CLUSTER_NODES=cluster.nodes, **PATIENT))
        cluster.primaries[0].kill()

        def served_again() -> bool:
            try:
                return [connection.scripts.run(EMPTY, [key]) for key in keys] == [1] * len(keys)
            except StoreUnavailable:
                return False

        wait_until(served_again, what="a replica to take over")


@pytest.mark.parametrize(
    ("settings", "names"),
    [
        ({"REDIS_URL": f"redis://{HOST}"}, "REDIS_TLS: .*plain"),
        ({"REDIS_CLUSTER_NODES": HOST}, "REDIS_TLS: .*plain"),
        ({"REDIS_TLS": True, "REDIS_TLS_CA_CERTS": "/nowhere"}, "REDIS_TLS_CA_CERTS: .*No such"),
        ({"REDIS_TLS": True, "REDIS_TLS_CA_CERTS": __file__}, "REDIS_TLS_CA_CERTS: .*certificate"),
        ({"REDIS_TLS": True, "REDIS_TLS_CERT": "/nowhere"}, "REDIS_TLS_CERT: .*No such"),
        ({"REDIS_TLS": True, "REDIS_TLS_KEY": "/nowhere"}, "REDIS_TLS_KEY: is not the key"),
        ({"REDIS_TLS": True, "REDIS_TLS_KEY": None}, "REDIS_TLS_KEY: is not the key"),
    ],
)
def test_certificates_that_cannot_be_used_stop_the_start(
    authority: Authority, connect: Connect, settings: dict[str, Any], names: str
) -> None:
    with pytest.raises(ConfigurationError, match=names):
        connect(**({"REDIS_URL": f"redis://{HOST}"} | known_to(authority) | settings))


def test_a_key_that_asks_for_a_pass_phrase_is_refused(
    authority: Authority, connect: Connect, tmp_path: Path
) -> None:
    from cryptography.hazmat.primitives import serialization as pem

    own = authority.issue("yoto.example")
    key = pem.load_pem_private_key(Path(own.key).read_bytes(), None)
    sealed = tmp_path / "sealed.pem"
    form = pem.Encoding.PEM, pem.PrivateFormat.PKCS8, pem.BestAvailableEncryption(b"open sesame")
    sealed.write_bytes(key.private_bytes(*form))
    with pytest.raises(ConfigurationError, match="REDIS_TLS_KEY: .*pass phrase"):
        connect(REDIS_URL="rediss://x", **known_to(authority) | {"REDIS_TLS_KEY": str(sealed)})
