"""The README's example, run as written against a started application."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path

from tests.support.process import RunningYoto
from tests.support.require import missing

README = Path(__file__).parents[2] / "README.md"
MARKED_BLOCK = re.compile(r"<!-- run by \S+ -->\n```bash\n(.*?)```", re.DOTALL)


def test_the_worked_example_gives_the_stated_answers(running_app: RunningYoto) -> None:
    if shutil.which("curl") is None:
        missing("curl is not installed")
    block = MARKED_BLOCK.search(README.read_text())
    assert block is not None
    stated = re.findall(r"# (\d{3}):", block[1])
    assert stated == ["201", "403", "200", "201"]
    accounts = running_app.accounts
    ran = subprocess.run(
        ["bash", "-eu", "-c", block[1]],
        env={
            **os.environ,
            "TOMAS_PASSWORD": accounts["tomas"],
            "MARA_PASSWORD": accounts["mara"],
            "API": f"{running_app.url}/api/v1",
        },
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert ran.returncode == 0, ran.stderr
    assert ran.stdout.split() == stated
