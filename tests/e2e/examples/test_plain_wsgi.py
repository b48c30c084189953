"""``examples/plain_wsgi`` under gunicorn, with two workers."""

from __future__ import annotations

import secrets
import shutil
import signal
from pathlib import Path

import pytest
from flask import Flask

from tests.support.installed import ROOT, Environment, Served
from tests.support.redis_servers import Server
from tests.support.require import LONG
from tests.support.waiting import wait_until
from yoto import Yoto
from yoto.resilience import Resilience


@pytest.mark.parametrize(
    "options", [[], pytest.param(["--preload"], marks=LONG)], ids=["each loads", "preload"]
)
def test_two_workers_share_a_limit_and_are_two_instances(
    options: list[str], installed: Environment, valkey_server: Server, tmp_path: Path
) -> None:
    shutil.copy(ROOT / "examples" / "plain_wsgi" / "shop.py", tmp_path)
    named = {
        "YOTO_REDIS_URL": valkey_server.url,
        "YOTO_REDIS_KEY_PREFIX": f"test-wsgi-{secrets.token_hex(4)}:",
    }
    command = [str(installed.python), "-m", "gunicorn", "--workers", "2", "--bind", "127.0.0.1:0"]
    server = Served([*command, *options, "shop:app"], tmp_path, **named)
    reader = Flask("reader", instance_path=str(tmp_path))
    reader.config |= named
    Yoto(reader)
    instances = Resilience.of(reader).instances
    try:
        answers = [server.get("/search") for _ in range(12)]
        assert [one.status for one in answers].count(200) == 5
        assert {one.status for one in answers[5:]} == {429}

        def both_came() -> bool:
            server.get("/search")
            return len(instances.all()) == 2

        wait_until(both_came, what="an answer of each worker")
        workers = {one.pid for one in instances.all()}
        assert server.pid not in workers
        assert {one.json()["worker"] for one in answers[:5]} <= workers
        assert server.stop(signal.SIGTERM) == 0
        assert instances.all() == []
    finally:
        server.stop(signal.SIGKILL)
        Yoto.close(reader)
