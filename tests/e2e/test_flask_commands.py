"""The ``flask`` commands as processes of their own, the way an operator types them."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.process import ROOT


def flask(instance: Path, *arguments: str, mode: str) -> subprocess.CompletedProcess[str]:
    environment = {name: value for name, value in os.environ.items() if name[:5] != "YOTO_"}
    return subprocess.run(
        [sys.executable, "-m", "flask", "--app", "app", *arguments],
        env={**environment, "YOTO_INSTANCE_PATH": str(instance), "YOTO_ASYNC_MODE": mode},
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=120,
    )


@pytest.mark.parametrize("mode", ["eventlet", "threading"])
def test_a_new_database_and_its_administrator_are_made_without_a_word_of_warning(
    tmp_path: Path, mode: str
) -> None:
    upgraded = flask(tmp_path, "db", "upgrade", mode=mode)
    assert (upgraded.returncode, upgraded.stderr) == (0, "")
    made = flask(tmp_path, "users", "create-admin", "root", mode=mode)
    assert (made.returncode, made.stderr) == (0, "")
    assert "shown this once" in made.stdout
