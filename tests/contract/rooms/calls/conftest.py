"""Applications that call out, with Redis and without."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from flask import Flask

from tests.support.redis_servers import Server
from yoto import Yoto

MakeApp = Callable[[str], Flask]


@pytest.fixture
def make_app(tmp_path: Path) -> Iterator[MakeApp]:
    """Makes guests with the room, each as a worker of its own."""
    made: list[Flask] = []

    def make(redis_url: str, prefix: str = "") -> Flask:
        app = Flask(__name__, instance_path=str(tmp_path / f"worker{len(made)}"))
        app.config |= {
            "YOTO_REDIS_URL": redis_url,
            "YOTO_REDIS_KEY_PREFIX": prefix or f"test-{secrets.token_hex(6)}:",
        }
        Yoto(app, rooms=["calls"])
        made.append(app)
        return app

    yield make
    for app in made:
        Yoto.close(app)


@pytest.fixture
def app(make_app: MakeApp, valkey_server: Server) -> Iterator[Flask]:
    app = make_app(valkey_server.url)
    with app.app_context():
        yield app


@pytest.fixture
def name() -> str:
    """A service that no other test calls."""
    return f"service-{secrets.token_hex(6)}"
