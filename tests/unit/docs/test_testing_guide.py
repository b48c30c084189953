"""The files of the guide to testing are a small project, whose tests pass as a stranger's do."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from tests.support.markdown import ROOT
from tests.unit.docs.test_guides import blocks

PAGE = "testing.md"


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
