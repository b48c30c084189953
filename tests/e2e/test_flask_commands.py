"""The ``flask`` commands as processes of their own, the way an operator types them."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.process import ROOT
from tests.support.require import LONG


def flask(
    instance: Path, *arguments: str, mode: str, options: tuple[str, ...] = ()
) -> subprocess.CompletedProcess[str]:
    environment = {name: value for name, value in os.environ.items() if name[:5] != "YOTO_"}
    return subprocess.run(
        [sys.executable, *options, "-m", "flask", "--app", "app", *arguments],
        env={**environment, "YOTO_INSTANCE_PATH": str(instance), "YOTO_ASYNC_MODE": mode},
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=120,
    )


@pytest.mark.parametrize("mode", [pytest.param("eventlet", marks=LONG), "threading"])
def test_a_new_database_and_its_administrator_are_made_without_a_word_of_warning(
    tmp_path: Path, mode: str
) -> None:
    upgraded = flask(tmp_path, "db", "upgrade", mode=mode)
    assert (upgraded.returncode, upgraded.stderr) == (0, "")
    made = flask(tmp_path, "users", "create-admin", "root", mode=mode)
    assert (made.returncode, made.stderr) == (0, "")
    assert "shown this once" in made.stdout


def test_a_command_imports_neither_a_server_nor_the_migrations_of_others(tmp_path: Path) -> None:
    """They were a seventh of its time."""
    asked = flask(tmp_path, "users", "--help", mode="eventlet", options=("-X", "importtime"))
    imported = {line.rpartition("|")[2].strip() for line in asked.stderr.splitlines()}
    assert asked.returncode == 0 and "app.cli.users" in imported
    assert not imported & {"eventlet", "alembic"}
