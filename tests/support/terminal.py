"""A reader at a terminal: blocks of a guide, run as they are written."""

from __future__ import annotations

import os
import shlex
import subprocess
from pathlib import Path
from typing import Self

from flask import Flask

END = "-- end of the block --"
PROMPT = "$ flask --app app "


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
