"""The README's example and the quick starts, run as written beside a started application."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

from flask import Flask

from tests.support.markdown import ROOT
from tests.support.process import RunningYoto
from tests.support.require import missing
from tests.support.terminal import Shell, check_terminal
from tests.support.waiting import wait_until

MARKED = re.compile(r"<!-- run by tests/e2e/test_readme.py -->\n```(\w+)\n(.*?)```", re.DOTALL)
STATED = re.compile(r"# (\d{3}):")


def blocks(page: str) -> list[tuple[str, str]]:
    return MARKED.findall((ROOT / page).read_text(encoding="utf-8"))


def test_the_example_and_the_quick_starts_give_what_is_stated(
    running_app: RunningYoto, neighbour: Flask, tmp_path: Path
) -> None:
    if shutil.which("curl") is None:
        missing("curl is not installed")
    [(_, example)] = blocks("README.md")
    [(_, person), (_, operator)] = blocks("docs/README.md")
    assert STATED.findall(example) == ["201", "403", "200", "201"]
    assert STATED.findall(person) == ["403", "200", "200"]
    reach = {
        "TOMAS_PASSWORD": running_app.accounts["tomas"],
        "MARA_PASSWORD": running_app.accounts["mara"],
        "API": f"{running_app.url}/api/v1",
    }
    with Shell(tmp_path, **reach) as shell:
        for block in (example, person):
            assert shell.run(block) == STATED.findall(block)
    check_terminal(neighbour, operator)
    # The worker that denied stores its records a moment later.
    wait_until(lambda: {"message.pin", "overwrite_denied"} <= set(denials_of_tomas(neighbour)))


def denials_of_tomas(app: Flask) -> list[str]:
    """The words of what the quick start's command lists."""
    command = ["permission", "decisions", "--user", "tomas", "--verdict", "denied"]
    with app.app_context():
        return str(app.test_cli_runner().invoke(args=command).output).split()
