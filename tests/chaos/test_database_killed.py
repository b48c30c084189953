"""The database is killed, and started again, while people who are known use a started server.

``YOTO_TEST_OUTAGE_SECONDS`` says how long it is away.
"""

from __future__ import annotations

import http.client
import json
import os
import statistics
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from benchmarks.http.rows import CHANNEL, LEASED, PERMISSION, STRICT
from benchmarks.http.servers import Process, Stores, community, ours
from tests.support.database import SERVER
from tests.support.mariadb import MariaDB, start_mariadb
from tests.support.postgresql import PostgreSQL, start_postgresql
from tests.support.redis_servers import Server, start_valkey
from tests.support.require import missing
from tests.support.waiting import wait_until

AWAY = float(os.environ.get("YOTO_TEST_OUTAGE_SECONDS", "10"))
CALM = 1.0  # s
READERS, WRITERS = 4, 1
READ_PAUSE, WRITE_PAUSE = 0.02, 0.2  # s between the requests of one
SHARE = 0.95
# s. They are to be refused in 0.1; the machine that runs the tests is busy.
REFUSED_WITHIN = 1.0

QUESTION = {"permission": "message.send", "scope": "channel", "scope_id": CHANNEL}
READS: list[tuple[str, str, Any]] = [
    ("GET", PERMISSION.path, None),
    ("GET", STRICT.path, None),
    ("GET", LEASED.path, None),
    ("POST", "/api/v1/permissions/check", QUESTION),
]
WRITES: list[tuple[str, str, Any]] = [
    ("POST", "/api/v1/servers", {"name": "Harbour"}),
    ("POST", f"/api/v1/channels/{CHANNEL}/messages", {"content": "Ahoy"}),
    ("POST", "/api/v1/auth/logout", {}),
]


@pytest.fixture
def database() -> Iterator[MariaDB | PostgreSQL]:
    server = start_postgresql() if SERVER == "postgresql" else start_mariadb()
    if server is None:
        missing(f"{SERVER} is not installed")
    with server:
        yield server


@pytest.fixture
def own_redis() -> Iterator[Server]:
    with start_valkey() as server:
        yield server


@pytest.fixture
def running(database: MariaDB | PostgreSQL, own_redis: Server, tmp_path: Path) -> Iterator[Process]:
    url = database.create_database("killed")
    token = community(tmp_path / "writer", url, own_redis.url)
    mode = os.environ.get("YOTO_TEST_ASYNC_MODE", "threading")
    with ours(tmp_path, mode, Stores(SERVER, url, own_redis.url, token), 0.0) as process:
        yield process


@dataclass
class Caller:
    """Asks over one kept connection; everything is answered, with a status and in some time."""

    server: Process
    answers: list[tuple[int, float]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._connection = http.client.HTTPConnection("127.0.0.1", self.server.port, timeout=20)

    def ask(self, method: str, path: str, body: Any = None) -> int:
        """One request; its status."""
        status, _ = self.answer(method, path, body)
        return status

    def answer(self, method: str, path: str, body: Any = None) -> tuple[int, Any]:
        """The same, with what the answer says."""
        headers = {
            "Authorization": f"Bearer {self.server.token}",
            "Content-Type": "application/json",
        }
        began = time.monotonic()
        connection = self._connection
        connection.request(method, path, None if body is None else json.dumps(body), headers)
        found = connection.getresponse()
        said = found.read()
        self.answers.append((found.status, time.monotonic() - began))
        return found.status, json.loads(said) if said else None

    def leave(self) -> None:
        """Close the connection; the next request opens another."""
        self._connection.close()

    def go_on(self, acts: list[tuple[str, str, Any]], pause: float, over: threading.Event) -> None:
        """One act after the other until it is over."""
        turn = 0
        while not over.wait(pause):
            self.ask(*acts[turn % len(acts)])
            turn += 1
        self.leave()


def under_load(server: Process, seconds: float) -> tuple[list[Caller], list[Caller]]:
    """Those who read and those who write, after so many seconds."""
    readers = [Caller(server) for _ in range(READERS)]
    writers = [Caller(server) for _ in range(WRITERS)]
    over = threading.Event()
    threads = [
        threading.Thread(target=one.go_on, args=(acts, pause, over))
        for some, acts, pause in ((readers, READS, READ_PAUSE), (writers, WRITES, WRITE_PAUSE))
        for one in some
    ]
    for thread in threads:
        thread.start()
    over.wait(seconds)
    over.set()
    for thread in threads:
        thread.join(30)
    return readers, writers


def answers_of(callers: list[Caller]) -> list[tuple[int, float]]:
    return [answer for one in callers for answer in one.answers]


def is_answered(
    caller: Caller, method: str, path: str, body: Any, status: int
) -> Callable[[], bool]:
    return lambda: caller.ask(method, path, body) == status


def test_who_is_known_is_answered_and_who_would_write_is_told_at_once(
    running: Process, database: MariaDB | PostgreSQL, capsys: pytest.CaptureFixture[str]
) -> None:
    caller = Caller(running)
    for act in READS:
        wait_until(is_answered(caller, *act, 200), what=f"{act}")
    assert caller.answer("GET", "/readyz")[1] == {"status": "ok"}
    time.sleep(CALM)
    database.kill()
    readers, writers = under_load(running, AWAY)
    caller.leave()  # a connection that was idle for so long may have been closed
    ready = caller.answer("GET", "/readyz")
    database.restart()

    reads, writes = answers_of(readers), answers_of(writers)
    good = sum(status == 200 for status, _ in reads)
    waits = sorted(seconds for _, seconds in writes)
    with capsys.disabled():
        print(
            f"\n{SERVER} away for {AWAY:g} s: {good} of {len(reads)} reads answered 200"
            f" ({good / len(reads):.1%}); {len(writes)} writes refused,"
            f" p50 {statistics.median(waits) * 1000:.0f} ms, max {waits[-1] * 1000:.0f} ms"
        )
    assert len(reads) >= READERS * AWAY and good >= SHARE * len(reads)
    assert {status for status, _ in writes} == {503} and len(writes) >= WRITERS * AWAY
    assert statistics.median(waits) < REFUSED_WITHIN
    assert (ready[0], ready[1]["status"]) == (200, "degraded")
    assert set(ready[1]["degraded"]) == {"database", "migrations"}

    # Nothing was half-done, and all is as before.
    wait_until(is_answered(caller, "POST", "/api/v1/servers", {"name": "Harbour"}, 201), 30.0)
    assert caller.ask("GET", PERMISSION.path) == 200
    wait_until(lambda: caller.answer("GET", "/readyz")[1] == {"status": "ok"}, 30.0)
    caller.leave()
