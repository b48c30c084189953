"""``run.py`` where it has to end at once, and what it says then."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.mysql_handshake import Greeter
from tests.support.process import ROOT, RunningYoto
from tests.support.redis_servers import Server
from tests.support.require import LONG


def start_in_vain(
    instance: Path, *arguments: str, **variables: str
) -> subprocess.CompletedProcess[str]:
    """A start that must end by itself, with what it said."""
    ended = subprocess.run(
        [sys.executable, str(ROOT / "run.py"), *arguments],
        # Any port, since a running application may have the usual one.
        env={**os.environ, "YOTO_INSTANCE_PATH": str(instance), "YOTO_PORT": "0", **variables},
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert "Traceback" not in ended.stderr
    return ended


@pytest.mark.parametrize(
    ("variable", "workers"),
    [
        pytest.param("YOTO_PORT", "1", marks=LONG),
        pytest.param("YOTO_LOG_LEVEL", "2", marks=LONG),
        ("YOTO_DATABASE_URL", "1"),
    ],
)
def test_a_wrong_setting_stops_the_start_and_is_named(
    tmp_path: Path, workers: str, variable: str
) -> None:
    ended = start_in_vain(tmp_path, "--workers", workers, **{variable: "many"})
    assert ended.returncode == 78
    assert variable.removeprefix("YOTO_") in ended.stderr


@pytest.mark.parametrize("port", ["65536", "-1", "many"])
def test_a_port_that_is_none_is_refused_at_the_command_line(tmp_path: Path, port: str) -> None:
    ended = start_in_vain(tmp_path, f"--port={port}")
    assert ended.returncode == 2
    assert "--port" in ended.stderr


@LONG
def test_a_second_yoto_does_not_take_turns_with_the_first(tmp_path: Path) -> None:
    first = RunningYoto(tmp_path / "first", YOTO_SEED_DEMO="false")
    port = first.url.rsplit(":", 1)[1]
    for workers in ("1", "2"):
        ended = start_in_vain(tmp_path / "second", "--port", port, "--workers", workers)
        assert ended.returncode == 78
        assert f"PORT: {port} is in use" in ended.stderr
    assert first.stop() == 0


def test_a_database_that_does_not_answer_stops_the_start_in_one_line(tmp_path: Path) -> None:
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        address = f"mysql+pymysql://yoto:secret@127.0.0.1:{silent.getsockname()[1]}/yoto"
        ended = start_in_vain(tmp_path, "--port", "0", YOTO_DATABASE_URL=address)
    assert ended.returncode == os.EX_UNAVAILABLE
    assert "database is unavailable" in ended.stderr
    assert "secret" not in ended.stderr


def test_production_without_a_secret_does_not_start(tmp_path: Path) -> None:
    ended = start_in_vain(tmp_path, YOTO_ENVIRONMENT="production")
    assert ended.returncode == 78
    assert "SECRET_KEY" in ended.stderr


@LONG
def test_production_with_the_key_of_an_example_does_not_start(tmp_path: Path) -> None:
    key = "changemechangemechangemechangeme"
    ended = start_in_vain(tmp_path, YOTO_ENVIRONMENT="production", YOTO_SECRET_KEY=key)
    assert ended.returncode == 78
    [line] = ended.stderr.splitlines()
    assert "SECRET_KEY: is a placeholder" in line and key not in line


@pytest.mark.parametrize("environment", [pytest.param("development", marks=LONG), "production"])
def test_a_database_that_is_too_old_stops_the_start_in_one_line(
    tmp_path: Path, valkey_server: Server, environment: str
) -> None:
    with Greeter("5.7.44") as server:
        ended = start_in_vain(
            tmp_path,
            YOTO_ENVIRONMENT=environment,
            YOTO_SECRET_KEY="a key that only this test uses",
            YOTO_REDIS_URL=valkey_server.url,
            YOTO_DATABASE_URL=f"mysql+pymysql://yoto@127.0.0.1:{server.port}/yoto",
        )
    assert ended.returncode == 78
    assert "DATABASE_URL: MySQL 5.7.44 is too old" in ended.stderr
