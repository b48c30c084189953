"""The example of the queue's guide runs as it is written."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from flask import Flask

from tests.support.redis_servers import Server
from tests.support.waiting import wait_until
from yoto.optimization import AdvancedOptimization
from yoto.redis import RedisStore

GUIDE = (Path(__file__).parents[3] / "docs" / "queue.md").read_text(encoding="utf-8")
EXAMPLE = re.compile(r"```python\n(.*?)```", re.DOTALL)
# The application of these tests has its own extension objects.
EXTENSIONS = re.compile(r"^from (?:app|yoto)\.extensions import .*$", re.MULTILINE)


@pytest.fixture
def application(valkey_server: Server) -> Iterator[Flask]:
    application = Flask("guide")
    application.config |= {"REDIS_URL": valkey_server.url, "REDIS_KEY_PREFIX": "test-queue-guide:"}
    RedisStore().init_app(application)
    AdvancedOptimization().init_app(application)
    yield application
    AdvancedOptimization.of(application).queue.close()
    RedisStore.of(application).close()


def test_the_example(application: Flask) -> None:
    (text,) = EXAMPLE.findall(GUIDE)
    names: dict[str, Any] = {"optimization": AdvancedOptimization(), "welcomed": set()}
    with application.app_context():
        exec(compile(EXTENSIONS.sub("", text), "queue.md", "exec"), names)
        assert names["item_id"].startswith("welcome:")
        names["optimization"].queue.start()
        wait_until(lambda: names["welcomed"] == {42})
