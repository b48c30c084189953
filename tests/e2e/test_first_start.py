"""The first start of docs/production.md on PostgreSQL, by the guide's own words alone."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import pytest

from tests.support.postgresql import only_by_tls, start_postgresql
from tests.support.process import ROOT, RunningYoto
from tests.support.redis_servers import Server, start_valkey
from tests.support.require import LONG, missing
from tests.support.tls import Authority
from tests.support.waiting import HOST

SECTION = (
    (ROOT / "docs" / "production.md")
    .read_text(encoding="utf-8")
    .partition("## First start")[2]
    .partition("\n## ")[0]
)
PASSWORD = "word-of-the-owner"


def cell(variable: str) -> list[str]:
    """The code in the guide's table about a variable."""
    [row] = re.findall(rf"^ +\| `{variable}`.*?\| (.*) \|$", SECTION, re.MULTILINE)
    return re.findall(r"`([^`]+)`", row)


def said_by(command: str, environment: dict[str, str]) -> str:
    """The output of a command of the guide, run by our Python."""
    words = re.sub(r"^(python|flask)\b", lambda it: program(it[1]), command)
    done = subprocess.run(
        words, shell=True, cwd=ROOT, env=environment, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout.strip()


def program(name: str) -> str:
    return sys.executable if name == "python" else f"{sys.executable} -m flask"


def ready(url: str) -> tuple[int, dict[str, object]]:
    try:
        with urlopen(Request(f"{url}/readyz?strict"), timeout=10) as answer:
            return answer.status, json.load(answer)
    except HTTPError as error:
        return error.code, json.load(error)


@pytest.fixture
def own_redis() -> Iterator[Server]:
    with start_valkey() as server:
        yield server


@LONG
def test_the_steps_of_the_guide_lead_to_an_installation_that_lacks_nothing(
    tmp_path: Path, own_redis: Server
) -> None:
    server = start_postgresql()
    if server is None:
        missing("PostgreSQL is not installed")
    authority = Authority(tmp_path)
    with server:
        made = re.findall(r"```sql\n(.*?)```", SECTION, re.DOTALL)[0].replace("...", PASSWORD)
        with server.connect() as connection:
            for statement in filter(str.strip, made.split(";")):
                connection.execute(statement.encode())
        only_by_tls(server, "yoto", authority, "scram-sha-256")
        settings = {
            "YOTO_ENVIRONMENT": cell("YOTO_ENVIRONMENT")[0],
            "YOTO_DATABASE_URL": cell("YOTO_DATABASE_URL")[0]
            .replace("...", PASSWORD)
            .replace("db.internal", f"{HOST}:{server.port}")
            .replace("/etc/yoto/ca.pem", authority.certificates),
            "YOTO_REDIS_URL": own_redis.url,
            "YOTO_HOST": HOST,
            "YOTO_TRUSTED_PROXIES": cell("YOTO_TRUSTED_PROXIES")[0],
            "YOTO_PUBLIC_URL": cell("YOTO_PUBLIC_URL")[0],
            "YOTO_TRUSTED_HOSTS": cell("YOTO_TRUSTED_HOSTS")[0],
        }
        for name in ("YOTO_SECRET_KEY", "YOTO_METRICS_TOKEN"):
            settings[name] = said_by(cell(name)[0], {})
        app = RunningYoto(tmp_path / "instance", "--workers", "2", **settings)
        code, said = ready(app.url)
        assert code == 503 and "flask setup" in json.dumps(said), said
        [setup] = re.findall(r"`(flask --app app setup [^`]+)`", SECTION)
        assert re.search(r"ada\b.*\S{12,}", said_by(setup, app.environment), re.DOTALL)
        app.wait_for(lambda: ready(app.url)[0] == 200, seconds=60)
        steps = said_by("flask --app app control first-steps", app.environment)
        assert "BREAK_GLASS_HASH" in steps
        assert app.stop() == 0
