"""Commands about policies in the guide run as written, on the default bundle."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest
from flask import Flask

ROOT = Path(__file__).parents[4]
COMMAND = re.compile(r"^(?:    flask --app app|\$ flask) (policy (?!sync).*)$", re.MULTILINE)
# The command that the default policies deny, as its input holds nothing.
DENIED = "policy eval input.json"


def test_the_commands_of_the_guide_run_from_top_to_bottom(
    app: Flask, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # As from a clone, beside an input that somebody wrote, and a feed.
    (tmp_path / "yoto").symlink_to(ROOT / "yoto")
    (tmp_path / "input.json").write_text("{}")
    (tmp_path / "drop.txt").write_text("198.51.100.0/24\n")
    monkeypatch.chdir(tmp_path)
    commands = COMMAND.findall((ROOT / "docs" / "policies.md").read_text(encoding="utf-8"))
    assert any(command.startswith("policy push yoto/policies/") for command in commands)
    for command in commands:
        with app.app_context():
            result = app.test_cli_runner().invoke(args=shlex.split(command, comments=True))
        assert result.exit_code == (1 if command == DENIED else 0), (command, result.output)
