"""Serving by gunicorn's threads: its connections, its pool and its graceful stop.

What is ours is the fork (each worker makes an application of its own), the time that a request
waits for a thread, and that nobody who sends slowly holds the thread that accepts.
"""

from __future__ import annotations

import math
import selectors
import threading
import time
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from gunicorn.workers import gthread

from app.server.connections import ENVIRON_KEY, Connection, ConnectionLimits, Connections
from app.server.listener import AGAIN_SECONDS, BACKLOG
from app.server.served import Served
from yoto.http.bounding import most_at_work
from yoto.request import QUEUED_KEY

# s without a sign of life after which a worker is replaced.
SILENT_SECONDS = 30
# Threads for what is never bounded: the probe of life, static files.
OTHER_THREADS = 4


class Bounded(gthread.TConn):  # type: ignore[misc]
    """Gunicorn's connection, which is counted until it is closed; again changes nothing."""

    bounded: Connection
    queued: float

    def close(self, graceful: bool = False) -> None:
        """As gunicorn's, which may have closed its socket already."""
        self.bounded.leave()
        if self.sock.fileno() >= 0:
            super().close(graceful)


class Worker(gthread.ThreadWorker):  # type: ignore[misc]
    """A worker of gunicorn: ``worker_class = "app.server.threads.Worker"``."""

    def load_wsgi(self) -> None:
        """As gunicorn's. The work in the background begins, whether or not a request comes."""
        super().load_wsgi()
        application = self.wsgi
        application.begin()
        config = application.config
        sockets = config["SOCKETS_THREADS"]
        if self.cfg.threads <= sockets:
            self.log.warning(
                "websockets can take all %d threads (SOCKETS_THREADS is %d): while they do, no"
                " request is answered; give gunicorn more --threads, or set it lower",
                self.cfg.threads,
                sockets,
            )
        limits = ConnectionLimits.of(config)
        self.cfg.set("graceful_timeout", int(config["DRAIN_SECONDS"]))
        if limits.proxied:
            # A proxy may send into a connection that it keeps for as long as it may use it.
            gthread.STOP_KEEPALIVE_LINGER = config["DRAIN_SECONDS"]
        self.connections = Connections(limits)
        self.current = threading.local()
        served = Served(application, config["MAX_CONTENT_LENGTH"])

        def begun(environ: dict[str, Any], start_response: Callable[..., Any]) -> Any:
            environ[ENVIRON_KEY] = self.current.bounded
            environ[QUEUED_KEY] = self.current.queued
            return served(environ, start_response)

        self.wsgi = begun

    def accept(self, listener: Any) -> None:
        """As gunicorn's; a new connection waits for its first byte here, and not in a thread."""
        try:
            found, address = listener.accept()
        except BlockingIOError:
            return  # another worker has it
        except OSError as error:
            self.connections.say(f"not accepted: {error.strerror}", None)
            time.sleep(AGAIN_SECONDS)
            return
        admitted = self.connections.admit(found, address[0])
        if admitted is None:
            found.close()
            return
        self.nr_conns += 1
        conn = Bounded(self.cfg, found, address, listener.getsockname())
        conn.bounded, conn.timeout = admitted, admitted.deadline
        self.pending_conns.append(conn)
        readable = partial(self.on_pending_socket_readable, conn)
        self.poller.register(found, selectors.EVENT_READ, readable)

    def enqueue_req(self, conn: Any) -> None:
        """As gunicorn's; until a thread is free no time of the client's runs."""
        conn.queued = time.monotonic()
        conn.bounded.begin_answer()
        super().enqueue_req(conn)

    def handle(self, conn: Any) -> Any:
        """As gunicorn's, in a thread of the pool."""
        self.current.bounded, self.current.queued = conn.bounded, time.monotonic() - conn.queued
        conn.bounded.begin_head()
        kept = super().handle(conn) and not conn.bounded.late
        conn.bounded.await_request()
        if not kept:
            # Gunicorn would wait for the client in the thread that accepts.
            conn.close(graceful=True)
        return kept

    def murder_pending(self) -> None:
        """As gunicorn's, which asks for it between any two events; all that is late ends."""
        super().murder_pending()
        self.connections.sweep()

    def set_accept_enabled(self, enabled: bool) -> None:
        """As gunicorn's; at the end the kernel refuses, so that clients try another at once."""
        super().set_accept_enabled(enabled)
        if not self.alive:
            for listener in self.sockets:
                listener.close()

    def handle_exit(self, *args: Any) -> None:
        """As gunicorn's; websockets end, since their pages connect to another worker."""
        super().handle_exit(*args)
        self.method_queue.defer(self.end_idle)

    def end_idle(self) -> None:
        """End websockets, and, unless a proxy may use them, connections that have sent nothing."""
        self.connections.cut_websockets()
        if not self.connections.limits.proxied:
            for conn in self.pending_conns:
                conn.timeout = 0.0


def settings_of(config: Mapping[str, Any]) -> dict[str, Any]:
    """Gunicorn's settings for workers of this kind."""
    threads = most_at_work(config) + OTHER_THREADS + config["SOCKETS_THREADS"]
    return {
        "worker_class": Worker,
        "threads": threads,
        # More than we admit: what is beyond is refused at once, and does not wait.
        "worker_connections": config["CONNECTIONS_MAX"] + threads + BACKLOG,
        "keepalive": math.ceil(config["KEEP_ALIVE_SECONDS"]),
        "timeout": SILENT_SECONDS,
        # Yoto itself reads what proxies say of callers.
        "forwarded_allow_ips": "",
    }
