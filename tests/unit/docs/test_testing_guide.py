"""The files of the guide to testing are a small project, whose tests pass as a stranger's do."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from flask import Flask

from tests.support.markdown import ROOT
from tests.support.require import LONG
from tests.unit.docs.test_guides import blocks
from yoto.cli.model import models

PAGE = "testing.md"


@LONG
def test_its_project_passes_its_tests(tmp_path: Path) -> None:
    for body in blocks(PAGE, "python"):
        name = body.partition("\n")[0].removeprefix("# ")
        (tmp_path / name).write_text(body, encoding="utf-8")
    (tmp_path / "pytest.ini").write_text("[pytest]\naddopts = -p no:schemathesis\n")
    run = subprocess.run(
        [sys.executable, "-W", "error::ResourceWarning", "-m", "pytest", "-q", str(tmp_path)],
        cwd=tmp_path,
        env={"PYTHONPATH": str(ROOT), "PATH": "", "YOTO_REDIS_CLUSTER_NODES": "127.0.0.1:2"},
        capture_output=True,
        text=True,
    )
    assert run.returncode == 0, run.stdout + run.stderr
    assert "3 passed" in run.stdout


def test_its_model_holds_and_a_wrong_one_fails_as_it_shows(tmp_path: Path) -> None:
    [model] = blocks(PAGE, "yaml")
    [shown] = (body for body in blocks(PAGE, "text") if "assertions fail" in body)
    file = tmp_path / "model.yaml"
    run = Flask("shop").test_cli_runner().invoke
    file.write_text(model, encoding="utf-8")
    right = run(models, ["test", str(file)])
    assert (right.output, right.exit_code) == ("2 tests, 9 assertions: all hold\n", 0)
    file.write_text(model.replace("{document.write: false}", "{document.write: true}"))
    wrong = run(models, ["test", str(file)])
    assert wrong.exit_code == 1
    lines = wrong.output.splitlines()
    assert [*lines[:3], "...", lines[-1]] == shown.splitlines()
