"""The example and the settings of the guide to smart invalidation are as they are written."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from flask import Flask, current_app

from tests.support.redis_servers import Server
from yoto.cache import HybridPermissionCache
from yoto.optimization import AdvancedOptimization
from yoto.redis import RedisStore
from yoto.rooms.queues.wiring import log_of

TEXT = (Path(__file__).parents[3] / "docs" / "invalidation.md").read_text(encoding="utf-8")


@pytest.fixture
def application(valkey_server: Server) -> Iterator[Flask]:
    with valkey_server.client() as client:
        client.flushall()
    application = Flask(__name__)
    application.config["REDIS_URL"] = valkey_server.url
    for extension in (RedisStore(), AdvancedOptimization(), HybridPermissionCache()):
        extension.init_app(application)
    state = AdvancedOptimization.of(application)
    state.invalidation.connect(log_of(HybridPermissionCache.of(application)))
    HybridPermissionCache.of(application).start(30)
    yield application
    state.invalidation.close()
    HybridPermissionCache.of(application).close()
    state.locks.close()
    RedisStore.of(application).close()


class Permissions:
    """Keeps what it was asked with."""

    def check_permission(self, *asked: Any, at_least: str) -> None:
        self.at_least = at_least


def test_the_example_does_what_it_says(application: Flask) -> None:
    (example,) = re.findall(r"```python\n(.*?)```", TEXT, re.DOTALL)
    permissions, optimization = Permissions(), AdvancedOptimization()
    names: dict[str, Any] = {
        "optimization": optimization,
        "permissions": permissions,
        "current_app": current_app,
    }
    shown = []
    with application.app_context():
        for line in re.split(
            r"(?<=\n)(?=optimization|invalidation|receipt|drained|from|perm)", example
        ):
            code, _, told = line.strip().partition("    # ")
            if told.startswith(("Health", "Strategy", "True")):
                shown.append((str(eval(code, names)), told.strip().rpartition(".")[2]))
            else:
                exec(line, names)
        assert HybridPermissionCache().current.reached(permissions.at_least)
    assert [found.lower() for found, _ in shown] == [told.lower() for _, told in shown]
    assert len(shown) == 3
