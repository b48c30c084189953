"""The time of one request, by its calls: in process, without a server around it."""

from __future__ import annotations

import collections
import cProfile
import os
import pstats
import socket
import sys
import threading
import time
from collections.abc import Callable, Mapping
from typing import Any

from flask import Flask
from werkzeug.test import EnvironBuilder

from app.server import YotoSocketIO, master
from app.server.connections import ENVIRON_KEY, Connection, ConnectionLimits, Connections
from app.server.served import Served
from benchmarks.http.counting import Counter, Counts
from yoto.http.wsgi import Wsgi

WARM_UP, BATCHES, CALLS = 200, 15, 100
SHOWN = 45  # lines of each table


def instead_of_serving(path: str, token: str | None) -> None:
    """Make every server of this process repeat the request, print its time, and end."""

    def serve(self: object, app: Flask, *_: Any) -> None:
        # In a thread of its own, as for serving: this one has a context of the application open,
        # which requests would share, with all that they remember there.
        arguments = (app.wsgi_app, app.config, path, token)
        thread = threading.Thread(target=profile, args=arguments)
        thread.start()
        thread.join()

    def serve_workers(*_: Any, make: Callable[[], Any], **options: Any) -> int:
        application = make()
        application.begin()
        profile(application, application.config, path, token)
        return 0

    YotoSocketIO.run = serve  # type: ignore[method-assign,assignment]
    master.serve_workers = serve_workers  # type: ignore[assignment]


def profile(wsgi: Wsgi, config: Mapping[str, Any], path: str, token: str | None) -> None:
    """Print microseconds a request, and their parts."""
    near, far = socket.socketpair()
    connection = Connections(ConnectionLimits.of(config)).admit(near, "127.0.0.1")
    assert connection is not None
    request = request_of(Served(wsgi, config["MAX_CONTENT_LENGTH"]), connection, path, token)
    for _ in range(WARM_UP):
        request()
    times = sorted(seconds(request) for _ in range(BATCHES))
    print(f"{path}: {times[0] * 1e6:.0f} us of processor a request at best, ", end="")
    print(f"{times[BATCHES // 2] * 1e6:.0f} us at the median; ", end="")
    counts = counted(request)
    print(f"{len(counts.statements) / CALLS:g} SQL statements, ", end="")
    print(f"{counts.round_trips / CALLS:g} round trips to Redis")
    for statement, number in collections.Counter(counts.statements).most_common():
        print(f"  {number / CALLS:g} x {' '.join(statement.split())[:110]}")
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
    wsgi: Wsgi, connection: Connection, path: str, token: str | None
) -> Callable[[], None]:
    """One request by the WSGI interface, through all layers that serving puts around it."""
    environ: dict[str, Any] = EnvironBuilder(path, base_url="http://127.0.0.1/").get_environ()
    environ |= {"REMOTE_ADDR": "127.0.0.1", ENVIRON_KEY: connection}
    if token is not None:
        environ["HTTP_AUTHORIZATION"] = f"Bearer {token}"

    def request() -> None:
        statuses: list[str] = []

        def start_response(status: str, *_: Any) -> Any:
            statuses.append(status)

        body = wsgi(dict(environ), start_response)
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


def counted(request: Callable[[], None]) -> Counts:
    """The caller's waits in a batch."""
    counter, counts = Counter(), Counts()
    for _ in range(CALLS):
        with counter.counting(counts):
            request()
    return counts


def table(profiler: cProfile.Profile, order: str, requests: int) -> None:
    """The functions that take most, in microseconds a request."""
    stats = pstats.Stats(profiler)
    stats.sort_stats(order)
    print(f"\nby {order}, us a request (with the profiler's own cost)")
    print(f"{'calls':>8}{'own':>9}{'with its':>9}  function")
    for file, line, name in stats.fcn_list[:SHOWN]:  # type: ignore[attr-defined]
        found = stats.stats[file, line, name]  # type: ignore[attr-defined]
        _, calls, own, cumulative, _ = found
        where = f"{os.path.relpath(file)}:{line}" if line else file
        print(
            f"{calls / requests:8.1f}{own / requests * 1e6:9.1f}"
            f"{cumulative / requests * 1e6:9.1f}  {name} ({shortened(where)})"
        )


def shortened(where: str) -> str:
    """A path without that of the installed packages."""
    return where.rpartition("site-packages/")[2]
