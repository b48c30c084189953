"""The guide to roles runs as written, from top to bottom, beside a started application."""

from __future__ import annotations

import io
import re
import shutil
from contextlib import redirect_stdout
from pathlib import Path
from typing import Any

from flask import Flask

from tests.support.process import RunningYoto
from tests.support.require import missing
from tests.support.terminal import Shell, check_terminal

GUIDE = Path(__file__).parents[2] / "docs" / "roles.md"
BLOCK = re.compile(r"```(python|bash|console)\n(.*?)```", re.DOTALL)
# The result that is stated behind a line that prints something.
STATED = re.compile(r"^(?:print\(|send |field \w+ <).*  # (.+)$", re.MULTILINE)


def run_python(app: Flask, block: str, names: dict[str, Any]) -> list[str]:
    printed = io.StringIO()
    with app.app_context(), redirect_stdout(printed):
        exec(compile(block, GUIDE.name, "exec"), names)
    return printed.getvalue().splitlines()


def test_every_block_gives_what_is_stated(
    running_app: RunningYoto, neighbour: Flask, tmp_path: Path
) -> None:
    if shutil.which("curl") is None:
        missing("curl is not installed")
    names: dict[str, Any] = {}
    reach = {
        "API": f"{running_app.url}/api/v1",
        "MARA_PASSWORD": running_app.accounts["mara"],
    }
    blocks = BLOCK.findall(GUIDE.read_text("utf-8"))
    assert {language for language, _ in blocks} == {"python", "bash", "console"}
    with Shell(tmp_path, **reach) as shell:
        for language, block in blocks:
            if language == "console":
                check_terminal(neighbour, block)
                continue
            printed = (
                shell.run(block) if language == "bash" else run_python(neighbour, block, names)
            )
            assert printed == STATED.findall(block), block
