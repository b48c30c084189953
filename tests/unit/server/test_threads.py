"""What the worker of threads takes from gunicorn: a version that has it otherwise fails here."""

from __future__ import annotations

import errno
import inspect
import os
import re
import socket
from collections import deque
from types import SimpleNamespace
from typing import Any

import pytest
from gunicorn.config import Config
from gunicorn.workers import gthread

from app.server.connections import ConnectionLimits, Connections
from app.server.threads import Bounded, Worker


def test_gunicorn_has_what_the_worker_overrides_and_uses() -> None:
    for name in vars(Worker):
        if name.startswith("_"):
            continue
        assert hasattr(gthread.ThreadWorker, name) or name == "end_idle", name
    source = inspect.getsource(gthread)
    used_names = (
        "STOP_KEEPALIVE_LINGER",
        "pending_conns",
        "on_pending_socket_readable",
        "nr_conns",
    )
    for used in used_names:
        assert len(re.findall(used, source)) > 1, used
    assert "self.nr_conns += 1" in inspect.getsource(gthread.ThreadWorker.accept)
    assert "set_accept_enabled(False)" in inspect.getsource(gthread.ThreadWorker.run)


def test_nothing_private_of_gunicorn_is_used() -> None:
    import app.server.threads as module

    for line in inspect.getsource(module).splitlines():
        assert not re.search(r"(?:gthread|conn|self|super\(\))\._[a-z]", line), line


@pytest.mark.parametrize("broke_off", [False, True])
def test_a_connection_is_counted_until_it_is_closed_and_can_be_closed_again(
    broke_off: bool,
) -> None:
    client, server = socket.socketpair()
    with client, server:
        limits = ConnectionLimits(most=5, of_one=3, head=60.0, body=60.0, keep_alive=60.0)
        connections = Connections(limits)
        conn = Bounded(Config(), server, ("192.0.2.1", 1), ("192.0.2.2", 2))
        found = connections.admit(server, "192.0.2.1")
        assert found is not None
        conn.bounded = found
        if broke_off:
            server.close()
        for _ in range(2):
            conn.close(graceful=True)
        assert len(connections) == 0 and server.fileno() < 0


def test_connections_that_sent_nothing_end_at_the_end_unless_a_proxy_may_use_them() -> None:
    for proxied in (True, False):
        cut: list[int] = []
        limits = SimpleNamespace(proxied=proxied)
        worker: Any = Worker.__new__(Worker)
        worker.connections = SimpleNamespace(
            limits=limits, cut_websockets=lambda cut=cut: cut.append(1)
        )
        worker.pending_conns = deque([SimpleNamespace(timeout=9e9)])
        worker.end_idle()
        assert cut == [1]
        assert (worker.pending_conns[0].timeout == 0.0) is not proxied


@pytest.mark.parametrize(("code", "said"), [(errno.EAGAIN, 0), (errno.EMFILE, 1)])
def test_a_worker_that_may_open_no_file_goes_on(code: int, said: int) -> None:
    def accept() -> None:
        raise OSError(code, os.strerror(code))

    lines: list[str] = []
    worker: Any = Worker.__new__(Worker)
    worker.connections = SimpleNamespace(say=lambda what, network: lines.append(what))
    worker.accept(SimpleNamespace(accept=accept))
    assert len(lines) == said
