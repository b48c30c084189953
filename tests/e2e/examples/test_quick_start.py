"""The developer's quick start, in an environment that has the wheel and nothing of this tree."""

from __future__ import annotations

import os
import re
import signal
import subprocess
from pathlib import Path

from tests.support.installed import Environment, clean_environment
from tests.support.markdown import ROOT
from tests.support.redis_servers import Server
from tests.support.waiting import free_port

MARK = f"<!-- run by {Path(__file__).relative_to(ROOT)} -->"
MARKED = re.compile(re.escape(MARK) + r"\n```(\w+)\n(.*?)```", re.DOTALL)


def test_the_shop_answers_as_stated(
    with_people: Environment, valkey_server: Server, tmp_path: Path
) -> None:
    page = (ROOT / "docs" / "README.md").read_text(encoding="utf-8")
    (_, shop), (_, people), (_, terminal) = MARKED.findall(page)
    (tmp_path / "shop.py").write_text(shop)
    (tmp_path / "people.py").write_text(people)
    port = free_port()
    variables = {
        "PATH": f"{with_people.python.parent}:{os.environ['PATH']}",
        "FLASK_RUN_PORT": str(port),
        "SHOP": f"http://127.0.0.1:{port}",
        "YOTO_REDIS_URL": valkey_server.url,
        "YOTO_REDIS_KEY_PREFIX": "test-quick-start:",
    }
    with subprocess.Popen(
        ["bash", "-eu", "-c", f"{terminal}\nkill %1"],
        cwd=tmp_path,
        env=clean_environment(**variables),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    ) as reader:
        try:
            printed, errors = reader.communicate(timeout=120)
        except subprocess.TimeoutExpired:
            os.killpg(reader.pid, signal.SIGKILL)
            raise
    answers = re.findall(r"^\d{3}$", printed, re.MULTILINE)
    assert answers == ["401", "403", *["200"] * 5, "429"], errors
    assert re.findall(r"# (\d{3}):", terminal) == ["401", "403", "200", "429"]
