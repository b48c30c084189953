"""Where the time of one request goes: its calls in process, beneath no server."""

from __future__ import annotations

import cProfile
import os
import pstats
import socket
import sys
import threading
import time
from collections.abc import Callable
from typing import Any

from flask import Flask
from sqlalchemy import event
from sqlalchemy.engine import Engine
from werkzeug.test import EnvironBuilder

from app.core.redis.node import Node
from app.server.connections import ENVIRON_KEY, Connection, ConnectionLimits, Connections
from app.server.servers import SERVERS
from tests.support.round_trips import count_round_trips

WARM_UP, BATCHES, CALLS = 200, 15, 100
SHOWN = 45  # lines of each table


def instead_of_serving(path: str, token: str | None) -> None:
    """Let every server of this process make the request over and over, print what it took, end."""

    def serve(app: Flask, listener: object, drain: object, limits: ConnectionLimits) -> None:
        # In a thread of its own, as for serving: this one has a context of the application open,
        # which requests would share, with all that they remember there.
        thread = threading.Thread(target=profile, args=(app, limits, path, token))
        thread.start()
        thread.join()

    for mode in SERVERS:
        SERVERS[mode] = serve


def profile(app: Flask, limits: ConnectionLimits, path: str, token: str | None) -> None:
    """Print microseconds a request, and what they are made of."""
    near, far = socket.socketpair()
    connection = Connection(Connections(limits), near, None)
    request = request_of(app, connection, path, token)
    for _ in range(WARM_UP):
        request()
    times = sorted(seconds(request) for _ in range(BATCHES))
    print(f"{path}: {times[0] * 1e6:.0f} us of processor a request at best, ", end="")
    print(f"{times[BATCHES // 2] * 1e6:.0f} us at the median; ", end="")
    statements, trips = counted(request)
    print(f"{len(statements) / CALLS:g} SQL statements, {trips / CALLS:g} round trips to Redis")
    for statement in sorted(set(statements)):
        print(f"  {statements.count(statement) / CALLS:g} x {' '.join(statement.split())[:110]}")
    profiler = cProfile.Profile(time.perf_counter)
    profiler.enable()
    for _ in range(5 * CALLS):
        request()
    profiler.disable()
    for order in ("cumulative", "tottime"):
        table(profiler, order, 5 * CALLS)
    sys.stdout.flush()
    near.close()
    far.close()


def request_of(
    app: Flask, connection: Connection, path: str, token: str | None
) -> Callable[[], None]:
    """One request by the WSGI interface, through all that serving puts around it."""
    environ = EnvironBuilder(path, headers={"Host": "127.0.0.1"}).get_environ()
    environ |= {"REMOTE_ADDR": "127.0.0.1", ENVIRON_KEY: connection}
    if token is not None:
        environ["HTTP_AUTHORIZATION"] = f"Bearer {token}"

    def request() -> None:
        statuses: list[str] = []

        def start_response(status: str, *_: Any) -> None:
            statuses.append(status)

        body = app.wsgi_app(dict(environ), start_response)
        try:
            answer = b"".join(body)
        finally:
            if hasattr(body, "close"):
                body.close()
        if statuses != ["200 OK"]:
            raise RuntimeError(f"{path}: {statuses} {answer[:300]!r}")

    return request


def seconds(request: Callable[[], None]) -> float:
    """Processor time of a request, of one batch, all threads of the process together."""
    started = time.process_time()
    for _ in range(CALLS):
        request()
    return (time.process_time() - started) / CALLS


def counted(request: Callable[[], None]) -> tuple[list[str], int]:
    """The statements and the number of round trips that the caller waited for, of a batch."""
    caller = threading.get_ident()
    statements: list[str] = []

    def collect(connection: Any, cursor: Any, statement: str, *_: Any) -> None:
        # SQLite is sent a BEGIN, MariaDB's driver begins without a statement.
        if threading.get_ident() == caller and not statement.startswith("BEGIN"):
            statements.append(statement)

    event.listen(Engine, "before_cursor_execute", collect)
    try:
        with count_round_trips(AllNodes()) as trips:
            for _ in range(CALLS):
                request()
    finally:
        event.remove(Engine, "before_cursor_execute", collect)
    return statements, len(trips)


class AllNodes(list[Node]):
    """Every node there is."""

    def __contains__(self, node: object) -> bool:
        return True


def table(profiler: cProfile.Profile, order: str, requests: int) -> None:
    """The functions that take most, in microseconds a request."""
    stats = pstats.Stats(profiler)
    stats.sort_stats(order)
    print(f"\nby {order}, us a request (with the profiler's own cost)")
    print(f"{'calls':>8}{'own':>9}{'with its':>9}  function")
    for function in stats.fcn_list[:SHOWN]:  # type: ignore[attr-defined]
        _, calls, own, cumulative, _ = stats.stats[function]  # type: ignore[attr-defined]
        file, line, name = function
        where = f"{os.path.relpath(file)}:{line}" if line else file
        print(
            f"{calls / requests:8.1f}{own / requests * 1e6:9.1f}"
            f"{cumulative / requests * 1e6:9.1f}  {name} ({shortened(where)})"
        )


def shortened(where: str) -> str:
    """Without the path to the installed packages."""
    return where.rpartition("site-packages/")[2]
