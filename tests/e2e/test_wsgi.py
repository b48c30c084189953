"""The application under gunicorn, whose workers are forked."""

from __future__ import annotations

import os
import secrets
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from flask import Flask

from tests.support.installed import ROOT, Served
from tests.support.raw_sockets import RawSocket
from tests.support.redis_servers import Server
from tests.support.require import LONG
from tests.support.waiting import wait_until
from yoto import Yoto
from yoto.fleet import Fleet, WorkerState


@pytest.fixture(scope="module")
def instance(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An instance folder with a database that is set up."""
    folder = tmp_path_factory.mktemp("instance")
    command = [sys.executable, "-m", "flask", "--app", "app", "setup", "--operator", "ada"]
    kept = {name: value for name, value in os.environ.items() if not name.startswith("YOTO_")}
    environment = kept | {"YOTO_INSTANCE_PATH": str(folder)}
    subprocess.run(command, cwd=ROOT, env=environment, check=True, capture_output=True, timeout=120)
    return folder


AS_DEPLOYED = ["-c", "deploy/gunicorn/gunicorn.conf.py"]
NO_SOCKETS = "This server has one thread a worker"


def gunicorn(instance: Path, *options: str, **variables: str) -> Served:
    """The application with two workers of four threads, unless the options say other."""
    command = [sys.executable, "-m", "gunicorn", "--workers", "2", "--threads", "4"]
    command += ["--bind", "127.0.0.1:0", *options, "wsgi:application"]
    return Served(command, ROOT, YOTO_INSTANCE_PATH=str(instance), **variables)


@pytest.mark.parametrize(
    "options",
    [AS_DEPLOYED, *(pytest.param(one, marks=LONG) for one in ([], ["--preload"]))],
    ids=["as deployed", "each loads", "preload"],
)
def test_two_workers_serve_and_end(
    options: list[str], instance: Path, valkey_server: Server, tmp_path: Path
) -> None:
    named = {
        "YOTO_REDIS_URL": valkey_server.url,
        "YOTO_REDIS_KEY_PREFIX": f"test-wsgi-{secrets.token_hex(4)}:",
    }
    reader = Flask("reader", instance_path=str(tmp_path))
    reader.config |= named
    Yoto(reader)
    Fleet().init_app(reader, dict)

    def workers(state: WorkerState) -> set[int]:
        return {one.pid for one in Fleet.of(reader).all() if one.state is state}

    server = gunicorn(instance, *options, **named)
    try:
        assert server.get("/readyz").status == 200
        assert server.get("/api/v1/servers").status == 401
        # The work of each begins with its first request, and the master has none.
        wait_until(
            lambda: server.get("/livez").status == 200 and len(workers(WorkerState.LIVE)) == 2,
            60,
            "a request of each worker",
        )
        served = workers(WorkerState.LIVE)
        assert server.pid not in served
        assert server.stop(signal.SIGTERM) == 0
        assert workers(WorkerState.ENDED) == served
        assert "Traceback" not in server.output, server.output
    finally:
        server.stop(signal.SIGKILL)
        Yoto.close(reader)


@LONG
def test_a_mode_that_only_our_own_server_has_is_refused_at_the_start(instance: Path) -> None:
    server = gunicorn(instance, YOTO_ASYNC_MODE="eventlet")
    try:
        wait_until(lambda: "ASYNC_MODE: must be threading or gevent" in server.output, 60)
        wait_until(server.ended, 60)
    finally:
        server.stop(signal.SIGKILL)


def test_sockets_take_so_many_threads_and_hold_up_no_end(instance: Path) -> None:
    options = (*AS_DEPLOYED, "--workers", "1")
    server = gunicorn(instance, *options, YOTO_SOCKETS_THREADS="2", YOTO_WARM_UP_AT_START="0")
    try:
        held = [RawSocket(server.url()) for _ in range(2)]
        refused = server.get("/socket.io/?EIO=4&transport=websocket")
        assert refused.status == 503 and "2 sockets" in refused.data.decode()
        assert server.get("/livez").status == 200
        held.pop().close()
        wait_until(lambda: server.get("/socket.io/?EIO=4&transport=websocket").status == 400, 10)
        began = time.monotonic()
        assert server.stop(signal.SIGTERM) == 0
        assert time.monotonic() - began < 5
        assert "Traceback" not in server.output, server.output
        held.pop().close()
    finally:
        server.stop(signal.SIGKILL)


@LONG
@pytest.mark.parametrize(
    ("options", "said", "status"),
    [
        (["--worker-class", "sync", "--threads", "1"], "answers one request at a time", 503),
        ([*AS_DEPLOYED, "--threads", "1"], "websockets can take all 1 threads", 400),
    ],
)
def test_settings_with_which_websockets_do_not_work_are_warned_of(
    options: list[str], said: str, status: int, instance: Path
) -> None:
    server = gunicorn(instance, *options)
    try:
        found = server.get("/socket.io/?EIO=4&transport=websocket")
        assert found.status == status and (status == 400 or NO_SOCKETS in found.data.decode())
        wait_until(lambda: said in server.output, 20)
        assert server.stop(signal.SIGTERM) == 0
    finally:
        server.stop(signal.SIGKILL)
