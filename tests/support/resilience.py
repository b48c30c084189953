"""A small application with nothing but Redis, events and resilience, for tests of guards."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from flask import Flask

from yoto.events import Events
from yoto.redis import RedisStore
from yoto.resilience import Resilience, ResilienceController
from yoto.resilience.config_store import declarations


@contextmanager
def guarded_app(config: dict[str, Any], **options: Any) -> Iterator[Flask]:
    """An application on the Redis that ``config`` names; ended on leaving.

    Args:
        options: of ``Resilience.init_app``.
    """
    # A folder of its own: there it would find what other tests used without Redis, and count it.
    with TemporaryDirectory() as folder:
        app = Flask("guarded", instance_path=folder)
        # On a machine that is too busy Redis is slow, not lost.
        app.config.update({"REDIS_SOCKET_TIMEOUT": 1.0, "REDIS_CONNECT_TIMEOUT": 1.0} | config)
        RedisStore().init_app(app)
        Events().init_app(app)
        Resilience().init_app(app, RedisStore.of(app), Events.of(app), **options)
        try:
            yield app
        finally:
            controller_of(app).close()
            Events.of(app).tailer.stop()
            RedisStore.of(app).close()


def controller_of(app: Flask) -> ResilienceController:
    """The controller of an application."""
    return Resilience.of(app)


@pytest.fixture
def own_names(monkeypatch: pytest.MonkeyPatch) -> None:
    """Forget after a test which names it gave decorators: others list all that the code has."""
    kinds = {kind: set(names) for kind, names in declarations._declared.items()}
    monkeypatch.setattr(declarations, "_declared", kinds)
    monkeypatch.setattr(declarations, "_numbers", dict(declarations._numbers))
