"""Starts the measured systems: a database with a community in it, and a process for each server."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from flask_migrate import upgrade

from app import close_app, create_app
from app.extensions import permissions
from benchmarks.http.rows import CHANNEL, Asked
from benchmarks.idle.processes import children, processor_seconds
from tests.support.mariadb import start_mariadb
from tests.support.redis_servers import start_valkey
from tests.support.world import World

T = TypeVar("T")

ROOT = Path(__file__).parents[2]
SECRET = "a key that only the benchmark uses, and nobody else"
TOKEN_SECONDS = 86_400
MESSAGES, ROLES = 50, 3
ADDRESS = re.compile(r"Yoto listens on http://127\.0\.0\.1:([0-9]+)")
START_SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class Process:
    """A running server: its address, and its callers' credentials."""

    pid: int
    port: int
    token: str

    def processor_seconds(self) -> float | None:
        """Processor time that it and its workers have used until now; None where the system does
        not say.
        """
        try:
            return sum(map(processor_seconds, (self.pid, *children(self.pid))))
        except OSError:
            return None


@dataclass(frozen=True, slots=True)
class Stores:
    """A database with a community in it, and a Redis server that belongs to it.

    Attributes:
        name: the kind of database.
        token: a token of a member of the community.
    """

    name: str
    database_url: str
    redis_url: str
    token: str


@contextmanager
def stores(folder: Path, name: str) -> Iterator[Stores | None]:
    """New ones; None where the kind of database is not installed."""
    with ExitStack() as stack:
        redis = stack.enter_context(start_valkey())
        if name == "mariadb":
            server = start_mariadb()
            if server is None:
                yield None
                return
            stack.enter_context(server)
            url = server.create_database("bench")
        else:
            url = f"sqlite:///{folder}/bench.db"
        yield Stores(name, url, redis.url, community(folder / f"writer-{name}", url, redis.url))


def community(instance: Path, database_url: str, redis_url: str) -> str:
    """Put a server with a channel, roles and messages into a database; a member's token."""
    config = {
        "ENVIRONMENT": "testing",
        "SECRET_KEY": SECRET,
        "DATABASE_URL": database_url,
        "REDIS_URL": redis_url,
        "ACCESS_TOKEN_SECONDS": TOKEN_SECONDS,
    }
    app = create_app(config, str(instance))
    try:
        with app.app_context():
            upgrade()
            permissions.sync_catalogue()
        world = World(app)
        made = world.server()
        assert made.channel_id == CHANNEL
        roles = [world.role(made, "message.send", "message.pin") for _ in range(ROLES)]
        member = world.member(made, None, *roles)
        world.messages(made.channel_id, member, MESSAGES)
        return member.token
    finally:
        close_app(app)


@contextmanager
def ours(folder: Path, mode: str, used: Stores, log_sample: float) -> Iterator[Process]:
    """``run.py`` with the views of the benchmark, in its default configuration, one worker."""
    variables = environment(folder, mode, used, log_sample)
    command = ["benchmarks.http.worker", "--port", "0"]
    log = folder / f"ours-{mode}-{used.name}.log"
    with _started(command, variables, log, ADDRESS.search) as (pid, match):
        yield Process(pid, int(match[1]), used.token)


@contextmanager
def peer(folder: Path, kind: Asked, mode: str, redis_url: str) -> Iterator[Process]:
    """One of the servers that Yoto is compared with."""
    command = ["benchmarks.http.peers", kind, mode, redis_url, str(folder)]
    log = folder / f"{kind}-{mode}.log"
    with _started(command, clean_environment(), log, json.loads) as (pid, printed):
        yield Process(pid, printed["port"], printed["token"])


def environment(folder: Path, mode: str, used: Stores, log_sample: float) -> dict[str, str]:
    """The configuration of a worker of ours; its log is that of production, with each request."""
    return clean_environment() | {
        "YOTO_ASYNC_MODE": mode,
        "YOTO_INSTANCE_PATH": str(folder / f"served-{mode}-{used.name}"),
        "YOTO_SECRET_KEY": SECRET,
        "YOTO_DATABASE_URL": used.database_url,
        "YOTO_REDIS_URL": used.redis_url,
        "YOTO_ACCESS_TOKEN_SECONDS": str(TOKEN_SECONDS),
        "YOTO_SEED_DEMO": "0",
        "YOTO_LOG_FORMAT": "json",
        "YOTO_LOG_REQUEST_SAMPLE": str(log_sample),
    }


def clean_environment() -> dict[str, str]:
    """Our environment, without variables that would configure an application."""
    found = {name: value for name, value in os.environ.items() if not name.startswith("YOTO_")}
    return found | {"PYTHONPATH": str(ROOT)}


@contextmanager
def _started(
    command: list[str], variables: dict[str, str], log: Path, find: Callable[[str], T | None]
) -> Iterator[tuple[int, T]]:
    """A running process, and the result of ``find`` on a line that it prints when it is ready.

    Raises:
        RuntimeError: it ended, or was not ready in time.
    """
    with open(log, "w") as errors:
        process = subprocess.Popen(
            [sys.executable, "-m", *command],
            env=variables,
            cwd=ROOT,
            stdout=subprocess.PIPE,
            stderr=errors,
            text=True,
        )
    try:
        yield process.pid, _found(process, log, find)
    finally:
        process.terminate()
        try:
            process.wait(timeout=20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        assert process.stdout is not None
        process.stdout.close()


def _found(process: subprocess.Popen[str], log: Path, find: Callable[[str], T | None]) -> T:
    assert process.stdout is not None
    # A process that prints nothing would be waited for without end.
    too_late = threading.Timer(START_SECONDS, process.kill)
    too_late.start()
    try:
        for line in process.stdout:
            found = find(line)
            if found is not None:
                return found
    finally:
        too_late.cancel()
    raise RuntimeError(f"{process.args!r} did not start:\n{log.read_text()[-3000:]}")
