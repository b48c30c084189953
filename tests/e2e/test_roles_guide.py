"""The guide to roles runs as written, from top to bottom, beside a started application."""

from __future__ import annotations

import io
import os
import re
import shlex
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import redirect_stdout
from pathlib import Path
from typing import Any, Self

import pytest
from flask import Flask

from tests.support.process import RunningYoto
from tests.support.require import missing

GUIDE = Path(__file__).parents[2] / "docs" / "roles.md"
BLOCK = re.compile(r"```(python|bash|console)\n(.*?)```", re.DOTALL)
# What is stated behind a line that prints something.
STATED = re.compile(r"^(?:print\(|send |field \w+ <).*  # (.+)$", re.MULTILINE)
END = "-- end of the block --"
PROMPT = "$ flask --app app "


@pytest.fixture
def neighbour(running_app: RunningYoto) -> Iterator[Flask]:
    """Another process of the same installation: this one, where code and commands run."""
    from app import close_app, create_app

    assert running_app.accounts
    app = create_app("development", instance_path=str(running_app.instance))
    yield app
    close_app(app)


class Shell:
    """One shell for all blocks, so that what one sets the next one has."""

    def __init__(self, folder: Path, **variables: str) -> None:
        self._process = subprocess.Popen(
            ["bash", "-eu"],
            cwd=folder,
            env={**os.environ, **variables},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def run(self, block: str) -> list[str]:
        """The lines that it prints."""
        asked, told = self._process.stdin, self._process.stdout
        assert asked is not None and told is not None
        asked.write(f"{block}\necho '{END}'\n")
        asked.flush()
        lines: list[str] = []
        while (line := told.readline()) != f"{END}\n":
            assert line, f"the shell ended in {block}"
            lines.append(line.removesuffix("\n"))
        return lines

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        with self._process:
            self._process.kill()


def run_python(app: Flask, block: str, names: dict[str, Any]) -> list[str]:
    printed = io.StringIO()
    with app.app_context(), redirect_stdout(printed):
        exec(compile(block, GUIDE.name, "exec"), names)
    return printed.getvalue().splitlines()


def check_terminal(app: Flask, block: str) -> None:
    """Each line below a command is, or begins, one of those that it prints."""
    for part in block.split(PROMPT)[1:]:
        command, *stated = part.splitlines()
        with app.app_context():
            result = app.test_cli_runner().invoke(args=shlex.split(command))
        printed = result.output.splitlines()
        for line in stated:
            assert any(one.startswith(line) for one in printed), (command, line, printed)
        refused = bool(stated) and stated[0].startswith("Error: ")
        assert result.exit_code == refused, (command, printed)


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
