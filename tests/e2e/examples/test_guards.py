"""``examples/guards``: the bookshop as it was, and with the lines that the guide adds."""

from __future__ import annotations

import re
import secrets
import shutil
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.support.installed import ROOT, Environment, Served
from tests.support.redis_servers import Server

EXAMPLE = ROOT / "examples" / "guards"
GUIDE = ROOT / "docs" / "embed.md"
MOST_LINES = 10  # empty ones too


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """The example, copied out of this tree."""
    shutil.copytree(EXAMPLE / "app", tmp_path / "app")
    return tmp_path


@contextmanager
def shop(environment: Environment, project: Path, **variables: str) -> Iterator[Served]:
    """The bookshop of ``project``, in a process of its own."""
    command = [str(environment.python), "-m", "flask", "--app", "app", "run", "--port", "0"]
    server = Served(command, project, **variables)
    try:
        yield server
    finally:
        server.stop(signal.SIGINT)


def change() -> str:
    """The change that the guide shows."""
    (found,) = re.findall(r"```diff\n(.*?)```", GUIDE.read_text(encoding="utf-8"), re.DOTALL)
    return str(found)


def test_the_shop_as_it_was_knows_nothing_of_yoto(installed: Environment, project: Path) -> None:
    undo = ["git", "apply", "--reverse", "--unsafe-paths", "-"]
    subprocess.run(undo, cwd=project, input=change(), text=True, check=True)
    assert not any("yoto" in one.read_text() for one in project.rglob("*.py"))
    with shop(installed, project) as server:
        assert [server.get("/search").status for _ in range(7)] == [200] * 7
        assert "RateLimit" not in server.get("/search").headers


def test_the_guide_adds_few_lines() -> None:
    added = [line for line in change().splitlines() if re.match(r"\+(?!\+\+ )", line)]
    assert 0 < len(added) <= MOST_LINES
    assert not [line for line in change().splitlines() if re.match(r"-(?!-- )", line)]


def test_the_shop_refuses_what_is_too_much(
    installed: Environment, project: Path, valkey_server: Server
) -> None:
    variables = {
        "YOTO_REDIS_URL": valkey_server.url,
        "YOTO_REDIS_KEY_PREFIX": f"test-shop-{secrets.token_hex(4)}:",
    }
    with shop(installed, project, **variables) as server:
        answers = [server.get("/search?q=small") for _ in range(6)]
        assert [one.status for one in answers] == [200] * 5 + [429]
        assert answers[0].json() == {"found": ["Small Gods"]}
        assert answers[0].headers["RateLimit"].startswith('"ip";r=4')
        assert answers[-1].headers["RateLimit"].startswith('"ip";r=0')
        assert 0 < int(answers[-1].headers["Retry-After"]) <= 60
        assert answers[-1].headers["Content-Type"] == "application/problem+json"

        assert server.get("/books/1/stock").json() == {"copies": 7}
        assert server.get("/books/9/stock").status == 404
        failed = [server.get("/books/3/stock").status for _ in range(8)]
        assert failed[:3] == [500] * 3
        # The breaker is open: nobody asks the warehouse.
        assert failed[-1] == 200
        assert server.get("/books/1/stock").json() == {"copies": 0}
