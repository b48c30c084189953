"""The examples of the guide to monitoring run as written, and it names what there is."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from flask import Flask

from tests.support.redis_servers import Server
from yoto.events import Events
from yoto.monitor import Monitor, names
from yoto.parts.rooms import ALL, chosen
from yoto.redis import RedisStore

GUIDE = (Path(__file__).parents[3] / "docs" / "monitoring.md").read_text(encoding="utf-8")
BLOCK = re.compile(r"```python\n(.*?)```", re.DOTALL)
IMPORT = re.compile(r"^from (?:app|yoto)\.extensions import .*$", re.MULTILINE)


@pytest.fixture
def application(valkey_server: Server) -> Iterator[Flask]:
    application = Flask(__name__)
    application.config |= {"REDIS_URL": valkey_server.url, "REDIS_KEY_PREFIX": "test-guide:"}
    application.config |= {"REDIS_SOCKET_TIMEOUT": 2.0}
    for extension in (RedisStore(), Events(), Monitor()):
        extension.init_app(application)  # type: ignore[attr-defined]
    yield application
    Monitor.of(application).close()
    RedisStore.of(application).close()


def test_the_examples_run(application: Flask) -> None:
    found: dict[str, Any] = {"monitor": Monitor()}
    with application.app_context():
        for example in BLOCK.findall(GUIDE):
            exec(compile(IMPORT.sub("", example), "monitoring.md", "exec"), found)
        found["forecasting"].close()
        point = Monitor.of(application).backend.totals().point
    assert found["reading"].complete and found["pictures"] == 1
    assert point.counted("shop_queue_done_total") == 3
    assert found["report"].offered == ()
    assert set(found["said"]) >= {"request_rate", "hit_rate"}


def test_every_metric_is_explained_and_no_other() -> None:
    table = "\n".join(line for line in GUIDE.splitlines() if line.startswith("| `yoto_"))
    assert set(re.findall(r"`(yoto_[a-z0-9_]+)`", table)) == {
        *names.HELP,
        *(name for room in chosen(ALL) for name in room.series()),
    }


def test_every_constant_has_its_help() -> None:
    constants = {
        value
        for name, value in vars(names).items()
        if name[0].isupper() and name.isupper() and name != "HELP"
    }
    assert constants == set(names.HELP)
