"""Locks of an application."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from flask import Flask

from tests.support.redis_servers import Server
from yoto.optimization import AdvancedOptimization
from yoto.redis import RedisStore


@pytest.fixture
def locks(valkey_server: Server) -> Iterator[AdvancedOptimization]:
    """Those of an application, whose context is pushed."""
    with valkey_server.client() as client:
        client.flushall()
    app = Flask("nightly")
    app.config["REDIS_URL"] = valkey_server.url
    for extension in (RedisStore(), AdvancedOptimization()):
        extension.init_app(app)
    with app.app_context():
        yield AdvancedOptimization()
    AdvancedOptimization.of(app).locks.close()
    RedisStore.of(app).close()
