"""``run.py``: first start, second start, several workers, ends (in each async mode)."""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from contextlib import closing
from datetime import UTC, datetime
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from tests.support.process import ROOT, RunningYoto
from tests.support.require import LONG

# A sign-in of about a second, and no demo accounts that would be hashed as slowly.
WITHOUT_DEMO = {"YOTO_SEED_DEMO": "false"}
SLOW_SIGN_IN = WITHOUT_DEMO | {"YOTO_ARGON2_TIME_COST": "20"}


def get(url: str, timeout: float = 10) -> int:
    try:
        with urllib.request.urlopen(url, timeout=timeout) as answer:
            return answer.status
    except urllib.error.HTTPError as error:
        return error.code


def answers(app: RunningYoto) -> bool:
    """Whether a worker accepts: while none listens the kernel refuses, and it resets what waited
    when the last one closed.
    """
    try:
        return get(f"{app.url}/livez") == 200
    except OSError:
        return False


def children(pid: int) -> list[int]:
    found = subprocess.run(["pgrep", "-P", str(pid)], capture_output=True, text=True).stdout
    return [int(line) for line in found.split()]


def processes_naming(path: Path) -> list[str]:
    found = subprocess.run(["pgrep", "-af", str(path)], capture_output=True, text=True).stdout
    return found.splitlines()


def test_the_first_start_seeds_and_prints_credentials_and_one_after_a_crash_does_not(
    tmp_path: Path,
) -> None:
    first = RunningYoto(tmp_path, new=True)
    assert get(f"{first.url}/readyz") == 200
    assert set(first.accounts) == {"mara", "tomas", "admin"}
    first.kill()
    second = RunningYoto(tmp_path)
    assert get(f"{second.url}/readyz") == 200
    assert second.accounts == {}
    assert second.stop() == 0
    deadline = time.monotonic() + 10
    while processes_naming(tmp_path):
        assert time.monotonic() < deadline, "the embedded server still runs"
        time.sleep(0.05)


@LONG
@pytest.mark.parametrize("workers", ["1", "2"])
def test_a_server_that_nobody_asks_warms_up_and_relays_what_a_dead_one_left(
    tmp_path: Path, workers: str
) -> None:
    app = RunningYoto(tmp_path, "--workers", workers, **WITHOUT_DEMO)
    assert app.url
    with closing(sqlite3.connect(tmp_path / "yoto.db", timeout=30)) as database:
        with database:
            database.execute(
                "INSERT INTO yoto_permission_outbox (subject, created_at) VALUES ('user:1', ?)",
                [datetime.now(UTC).replace(tzinfo=None).isoformat(" ")],
            )

        def is_published() -> bool:
            position = database.execute(
                "SELECT position FROM yoto_permission_outbox WHERE subject = 'user:1'"
            ).fetchone()[0]
            return position is not None

        app.wait_for(is_published)
    app.wait_for(lambda: "warm-up in" in app.output)
    assert "0 entries loaded" in app.output
    started = children(app.process.pid) if workers == "2" else []
    assert app.stop() == 0
    assert not [pid for pid in started if Path(f"/proc/{pid}").exists()]


@pytest.mark.parametrize("mode", ["threading", pytest.param("eventlet", marks=LONG)])
def test_a_killed_worker_is_replaced_and_none_outlives_a_killed_supervisor(
    tmp_path: Path, mode: str
) -> None:
    app = RunningYoto(tmp_path, "--workers", "2", YOTO_ASYNC_MODE=mode, **WITHOUT_DEMO)
    app.wait_for(lambda: answers(app))
    app.wait_for(lambda: len(children(app.process.pid)) == 2)
    victim = children(app.process.pid)[0]
    os.kill(victim, signal.SIGKILL)
    app.wait_for(
        lambda: victim not in children(app.process.pid) and len(children(app.process.pid)) == 2
    )
    app.wait_for(lambda: answers(app))
    workers = children(app.process.pid)
    app.kill()
    deadline = time.monotonic() + 20
    while any(Path(f"/proc/{pid}").exists() for pid in workers):
        assert time.monotonic() < deadline, "a worker outlived its supervisor"
        time.sleep(0.05)


@LONG
def test_what_the_start_made_is_left_out_of_collections(tmp_path: Path) -> None:
    program = (
        "import gc, run;"
        "said = lambda: ('kept', gc.get_freeze_count(), len(gc.get_objects()));"
        "run.announce = lambda *_: (print(*said(), flush=True), run.end(0));"
        "run.main(['--port', '0'])"
    )
    ended = subprocess.run(
        [sys.executable, "-c", program],
        cwd=ROOT,
        env={**os.environ, "YOTO_INSTANCE_PATH": str(tmp_path), **WITHOUT_DEMO},
        capture_output=True,
        text=True,
        timeout=120,
    )
    kept, others = map(int, ended.stdout.partition("kept ")[2].split()[:2])
    # Objects made by imports are kept anyway.
    assert kept > 100_000 and others < kept / 100, ended.stdout + ended.stderr


def begin_sign_in(app: RunningYoto) -> tuple[list[int | str | None], threading.Thread]:
    """A sign-in that is on its way in a thread, over a connection that its client would keep, and
    where its answer will be: the status, and what it says of the connection.
    """
    address = urlsplit(app.url)
    held = HTTPConnection(str(address.hostname), address.port, timeout=30)
    held.connect()
    assert get(f"{app.url}/livez") == 200  # by then a worker has accepted the one before
    answers: list[int | str | None] = []

    def sign_in() -> None:
        body = json.dumps({"username": "nobody", "password": "wrong password"})
        try:
            held.request("POST", "/api/v1/auth/login", body, {"Content-Type": "application/json"})
            with held.getresponse() as answer:
                answers.extend((answer.status, answer.getheader("Connection")))
        except (OSError, HTTPException):
            answers.append("cut")
        finally:
            held.close()

    caller = threading.Thread(target=sign_in)
    caller.start()
    time.sleep(0.15)  # the request must have arrived; nothing outside the process tells when
    return answers, caller


@pytest.mark.parametrize(
    ("workers", "mode"),
    [
        ("1", "eventlet"),
        *(pytest.param("2", one, marks=LONG) for one in ("eventlet", "threading")),
    ],
)
def test_sigterm_lets_running_requests_finish_and_says_that_their_connections_end(
    tmp_path: Path, workers: str, mode: str
) -> None:
    """A sign-in hashes a password: with a high cost it lasts long enough to be in flight."""
    app = RunningYoto(tmp_path, "--workers", workers, YOTO_ASYNC_MODE=mode, **SLOW_SIGN_IN)
    answers, caller = begin_sign_in(app)
    code = app.stop()
    caller.join()
    # Gunicorn knows it when a request begins, and keeps the connection for a little.
    assert answers == [401, "keep-alive" if mode == "threading" else "close"]
    assert code == 0


@pytest.mark.parametrize("workers", [pytest.param("1", marks=LONG), "2"])
def test_a_request_that_outlasts_the_drain_does_not_hold_up_the_end(
    tmp_path: Path, workers: str
) -> None:
    slower = SLOW_SIGN_IN | {"YOTO_ARGON2_MEMORY_KIB": "262144", "YOTO_DRAIN_SECONDS": "0.1"}
    app = RunningYoto(tmp_path, "--workers", workers, **slower)
    answers, caller = begin_sign_in(app)
    code = app.stop()
    caller.join()
    assert answers == ["cut"]  # the hash would have taken some five seconds
    assert code == 0


@pytest.mark.parametrize(
    "mode", ["threading", *(pytest.param(one, marks=LONG) for one in ("eventlet", "gevent"))]
)
def test_what_a_proxy_sends_at_the_end_over_a_connection_that_it_has_is_answered(
    tmp_path: Path, mode: str
) -> None:
    app = RunningYoto(tmp_path, YOTO_TRUSTED_PROXIES="1", YOTO_ASYNC_MODE=mode, **WITHOUT_DEMO)
    address = urlsplit(app.url)
    held = HTTPConnection(str(address.hostname), address.port, timeout=20)
    held.connect()
    held.request("GET", "/livez")
    held.getresponse().read()
    assert answers(app)  # by then a worker has accepted the one before
    app.process.send_signal(signal.SIGTERM)
    app.wait_for(lambda: not answers(app), 20)
    account = json.dumps({"username": "nobody", "password": "wrong password"})
    held.request("POST", "/api/v1/auth/login", account, {"Content-Type": "application/json"})
    with held.getresponse() as answer, closing(held):
        assert (answer.status, answer.getheader("Connection")) == (401, "close")
    assert app.stop() == 0
    assert ("Worker exiting" if mode == "threading" else "drained") in app.output
