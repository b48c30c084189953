"""The calls by curl and flask of control-plane.md, monitoring.md and community.md, as written."""

from __future__ import annotations

import re
import shlex
import shutil
import sys
from pathlib import Path

import pytest
from flask import Flask

from tests.support.markdown import ROOT, blocks
from tests.support.process import RunningYoto
from tests.support.require import missing
from tests.support.terminal import Shell

ADDRESS = "https://yoto.example"
# As the reader's, but a failure ends the block, and so the test.
COMMANDS = """
curl() { command curl --silent --show-error --fail-with-body "$@"; echo; }
uuidgen() { "$PYTHON" -c 'import uuid; print(uuid.uuid4())'; }
"""


@pytest.fixture
def tokens(running_app: RunningYoto, neighbour: Flask) -> dict[str, str]:
    """The ``$TOKEN`` of the reader of each page."""
    rights = ("view", "operate", "admin", "insight")
    made = neighbour.test_cli_runner().invoke(
        args=["control", "tokens", "make", "admin", "guides", "--reason", "guides"]
        + [word for right in rights for word in ("--right", f"platform.{right}")]
    )
    (token,) = re.findall(r"yoto_api_\S+", made.output)
    with neighbour.test_client() as client:
        account = {"username": "mara", "password": running_app.accounts["mara"]}
        signed_in = client.post("/api/v1/auth/login", json=account).get_json()
    return {"docs/community.md": signed_in["access_token"], "control": token}


@pytest.mark.parametrize("name", ["monitoring.md", "community.md", "control-plane.md"])
def test_each_call_succeeds(
    running_app: RunningYoto,
    neighbour: Flask,
    tokens: dict[str, str],
    name: str,
    tmp_path: Path,
) -> None:
    if shutil.which("curl") is None:
        missing("curl is not installed")
    found = [
        block
        for block in blocks(ROOT / "docs" / name)
        if block.language == "bash" and not block.comment
    ]
    assert found
    variables = {
        "TOKEN": tokens.get(f"docs/{name}", tokens["control"]),
        "PYTHON": sys.executable,
    }
    with Shell(tmp_path, **variables) as shell:
        shell.run(COMMANDS)
        for block in found:
            calls = [line for line in block.text.splitlines() if not line.startswith("flask ")]
            for line in block.text.splitlines():
                if line.startswith("flask "):
                    words = shlex.split(line.removeprefix("flask "), comments=True)
                    ran = neighbour.test_cli_runner().invoke(args=words)
                    assert ran.exit_code == 0, ran.output
            if calls:
                text = "\n".join(calls)
                assert ADDRESS in text
                assert shell.run(text.replace(ADDRESS, running_app.url)), block
