"""The topology of production from plain processes, on the loopback interface.

nginx with TLS and WebSocket before two application nodes of two workers each, a Redis Cluster of
three primaries and three replicas, MariaDB or PostgreSQL, an OPA server that decides on policies,
and Prometheus.
Each is a ``Service``: it can be killed, paused, and started again where it was.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Self

import psycopg
import pymysql
from psycopg import sql

from proof.cluster.application import AppNode, accounts, flask
from proof.cluster.redis import RedisCluster
from tests.support.closing import Closing
from tests.support.front import Nginx, Prometheus
from tests.support.links import Link, Links
from tests.support.mariadb import MariaDB, start_mariadb
from tests.support.opa import OpaServer, opa_binary
from tests.support.postgresql import PostgreSQL, start_postgresql
from tests.support.require import missing
from tests.support.waiting import HOST, wait_until

ROOT = Path(__file__).parents[2]
OPERATOR = "operator"
READY_SECONDS = 300.0
# Commits outlive the end of the process, as the tests' own servers do not promise. With a binary
# log, as back-ups need: a disk that is full stops each commit, and not only growing files.
DURABLE = (
    "--innodb-flush-log-at-trx-commit=2",
    "--log-bin=binlog",
    "--log-bin-trust-function-creators=1",
    "--max-binlog-size=16M",
    "--expire-logs-days=0.001",
)
DURABLE_POSTGRESQL = ("max_connections=300", "shared_buffers=64MB", "max_wal_size=128MB")
MARIADB, POSTGRESQL = KINDS = ("mariadb", "postgresql")
# Errors of the drivers.
DATABASE_ERRORS = (pymysql.Error, psycopg.Error)


class Cluster(Closing):
    """All of it, from ``__enter__`` to ``__exit__``; nothing is left, however the process ends.

    With ``links`` there is a fault proxy between nginx and each application, and between each
    application and each Redis server, the database and the OPA server. Traffic among the Redis
    servers (the cluster bus, replication), and that of Prometheus, has none.

    Attributes:
        passwords: those of the demo's accounts (``admin``, ``mara``, ``tomas``) and of
            ``operator``, the super-administrator that ``flask setup`` made.
        settings: the configuration of the applications, keys without ``YOTO_``.
        kind: of the database.
    """

    def __init__(
        self,
        folder: Path,
        app_nodes: int = 2,
        workers: int = 2,
        links: bool = False,
        source: Path = ROOT,
        settings: Mapping[str, str] | None = None,
        prometheus: bool = True,
        database_below: Path | None = None,
        kind: str = MARIADB,
    ) -> None:
        """Nothing is started yet.

        Args:
            folder: keeps what they keep.
            app_nodes: application nodes, ``app1`` and so on.
            workers: processes of each of them.
            source: the folder of the application's code.
            settings: more of the applications' configuration, keys without ``YOTO_``.
            prometheus: whether there is one.
            database_below: a folder for the database's; else one in memory, where there is room.
            kind: of the database: ``mariadb`` or ``postgresql``.
        """
        self.folder = folder
        self.source = source
        self.settings: dict[str, str] = {}
        self.passwords: dict[str, str] = {}
        self.nodes: list[AppNode] = []
        self.links: dict[tuple[str, str], Link] = {}
        self.redis: RedisCluster
        self.database: MariaDB | PostgreSQL
        self.opa: OpaServer
        self.nginx: Nginx
        self.prometheus: Prometheus | None = None
        self.metrics_token = secrets.token_urlsafe(24)
        self.kind = kind
        self._app_nodes = app_nodes
        self._workers = workers
        self._with_links = links
        self._with_prometheus = prometheus
        self._database_below = database_below
        self._given = dict(settings or {})
        self._password = secrets.token_urlsafe(18)
        self._stack = ExitStack()

    @property
    def url(self) -> str:
        """https, through nginx."""
        return self.nginx.url

    @property
    def ca(self) -> Path:
        """The certificate of the authority that signed nginx's."""
        return self.nginx.ca

    def flask(self, *arguments: str, given: str = "", source: Path | None = None) -> str:
        """The output of a command of the application, on the cluster's stores and past all links.

        Raises:
            RuntimeError: it failed; with what it said.
        """
        instance = self.folder / "commands"
        return flask(source or self.source, self.settings, instance, *arguments, given=given)

    def route_to(self, *nodes: AppNode) -> None:
        """Have nginx send new requests to these nodes alone."""
        self.nginx.route_to(self._upstreams(nodes))

    def wait_until_ready(self) -> None:
        """Return when every application node says that it may be sent requests."""
        for node in self.nodes:
            wait_until(node.ready, READY_SECONDS, f"{node.name} to be ready")

    def __enter__(self) -> Self:
        with ExitStack() as stack:
            self._stack = stack
            self._start()
            self._stack = stack.pop_all()
        return self

    def close(self) -> None:
        """Stop all of it."""
        self._stack.close()

    def _start(self) -> None:
        binary = opa_binary()
        with ThreadPoolExecutor() as pool:
            database, redis = pool.submit(self._start_database), pool.submit(self._start_redis)
            self.opa = self._stack.enter_context(OpaServer(binary)).start()
            self.nginx = self._stack.enter_context(Nginx(self.folder / "nginx"))
            database.result(), redis.result()
        self.settings = {
            "ENVIRONMENT": "production",
            "SECRET_KEY": secrets.token_urlsafe(32),
            "DATABASE_URL": self._database_url(self.database.port),
            "REDIS_CLUSTER_NODES": self.redis.nodes,
            "POLICY_ENGINE": "opa",
            "OPA_URL": self.opa.url,
            "TRUSTED_PROXIES": "1",
            "TRUSTED_HOSTS": f"{HOST},localhost",
            "PUBLIC_URL": self.url,
            "METRICS_TOKEN": self.metrics_token,
            **self._given,
        }
        self._make_nodes()
        with ThreadPoolExecutor() as pool:
            prometheus = pool.submit(self._start_prometheus)
            self._set_up()
            list(pool.map(AppNode.start, self.nodes))
            prometheus.result()
        self.nginx.start()
        self.wait_until_ready()

    def connect_to_database(self, administers: bool = True) -> Any:
        """A driver's connection to the application's database, past all links, without transactions
        unless they are begun; of PostgreSQL's or the application's account.
        """
        port = self.database.port
        if self.kind == POSTGRESQL:
            user = "postgres" if administers else "yoto"
            return psycopg.connect(host=HOST, port=port, user=user, dbname="yoto", autocommit=True)
        return pymysql.connect(
            host=HOST, port=port, user="root", database="yoto", read_timeout=30, autocommit=True
        )

    def _start_database(self) -> None:
        if self.kind == POSTGRESQL:
            self._start_postgresql()
            return
        found = start_mariadb(self._database_below, *DURABLE)
        self.database = found or missing("MariaDB is not installed")
        self._stack.enter_context(self.database)
        self.database.create_database("yoto")
        with pymysql.connect(host=HOST, port=self.database.port, user="root") as connection:
            with connection.cursor() as cursor:
                cursor.execute("CREATE USER yoto@'%%' IDENTIFIED BY %s", (self._password,))
                cursor.execute("GRANT ALL ON yoto.* TO yoto@'%'")

    def _start_postgresql(self) -> None:
        server = start_postgresql(self._database_below, *DURABLE_POSTGRESQL)
        self.database = self._stack.enter_context(server or missing("PostgreSQL is not installed"))
        with self.database.connect() as connection:
            account = sql.SQL("CREATE ROLE yoto LOGIN PASSWORD {}").format(self._password)
            connection.execute(account)
        self.database.create_database("yoto", "yoto")

    def _start_redis(self) -> None:
        self.redis = RedisCluster()
        self._stack.callback(self.redis.close)

    def _start_prometheus(self) -> None:
        if self._with_prometheus:
            targets = [f"{HOST}:{node.port}" for node in self.nodes]
            prometheus = Prometheus(self.folder / "prometheus", targets, self.metrics_token)
            self.prometheus = self._stack.enter_context(prometheus).start()

    def _set_up(self) -> None:
        self.passwords[OPERATOR] = secrets.token_urlsafe(15)
        self.flask(
            "setup",
            "--operator",
            OPERATOR,
            "--password-stdin",
            given=self.passwords[OPERATOR] + "\n",
        )
        self.passwords |= accounts(self.flask("seed", "demo"))

    def _make_nodes(self) -> None:
        for number in range(1, self._app_nodes + 1):
            name = f"app{number}"
            node = AppNode(
                name, self.folder / name, self.source, dict(self.settings), self._workers
            )
            self.nodes.append(self._stack.enter_context(node))
        if self._with_links:
            forwarding = self._stack.enter_context(Links())
            for node in self.nodes:
                self._link(forwarding, node)
        self.nginx.upstreams = self._upstreams(self.nodes)

    def _upstreams(self, nodes: Iterable[AppNode]) -> list[str]:
        links = self.links
        return [
            f"{HOST}:{links['nginx', node.name].port if links else node.port}" for node in nodes
        ]

    def _link(self, forwarding: Links, node: AppNode) -> None:
        """Put links before and behind a node."""

        def link(one: str, other: str, port: int) -> Link:
            made = self.links[one, other] = forwarding.add((HOST, port))
            return made

        link("nginx", node.name, node.port)
        database = link(node.name, "database", self.database.port)
        opa = link(node.name, "opa", self.opa.port)
        node.links = {
            server.address: (HOST, link(node.name, server.name, server.port).port)
            for server in self.redis.servers
        }
        node.settings |= {
            "DATABASE_URL": self._database_url(database.port),
            "OPA_URL": f"http://{HOST}:{opa.port}",
        }

    def _database_url(self, port: int) -> str:
        if self.kind == POSTGRESQL:
            return f"postgresql+psycopg://yoto:{self._password}@{HOST}:{port}/yoto"
        return f"mysql+pymysql://yoto:{self._password}@{HOST}:{port}/yoto?charset=utf8mb4"
