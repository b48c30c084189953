"""Every measurement runs to its end, in its shortest form; its figures there say nothing."""

from __future__ import annotations

import importlib
import json
import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks.all import MEASUREMENTS, ROOT
from tests.support.require import TEST_ALL

# Those that take some three seconds of a processor. The others start an application or a database;
# they are in the long form.
QUICK = {"guard", "invalidation", "monitor", "policy", "queue", "redis_path"}
SECONDS = 280.0


@pytest.mark.parametrize("name", MEASUREMENTS)
def test_it_can_be_imported(name: str) -> None:
    assert callable(importlib.import_module(f"benchmarks.{name}").main)


@pytest.mark.parametrize("name", MEASUREMENTS)
def test_it_runs_and_writes_its_figures(name: str, tmp_path: Path) -> None:
    if not (TEST_ALL or name in QUICK):
        pytest.skip("takes long: YOTO_TEST_ALL=1")
    figures = tmp_path / "figures.json"
    command = [sys.executable, "-m", "benchmarks", name, *MEASUREMENTS[name].shortest]
    ended = subprocess.run(
        [*command, "--json", str(figures)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=SECONDS,
    )
    # A promise that is not kept here says nothing; it, too, ends with 1, but after the figures.
    assert "Traceback" not in ended.stderr, ended.stderr[-3000:]
    assert json.loads(figures.read_text()), ended.stderr
