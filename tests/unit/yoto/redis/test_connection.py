from __future__ import annotations

import os
import threading
from pathlib import Path

import pytest
from flask import Flask
from redis import exceptions

from tests.conftest import ASYNC_MODE
from yoto.errors import ConfigurationError, StoreUnavailable
from yoto.redis import RedisConnection, RedisSettings, RedisStore


def make_app(tmp_path: Path, **config: object) -> Flask:
    app = Flask("uses-redis", instance_path=str(tmp_path / "instance"))
    app.config.update(config)
    return app


def test_init_app_opens_nothing(tmp_path: Path) -> None:
    store = RedisStore()
    app = make_app(tmp_path)
    store.init_app(app)
    assert list(tmp_path.iterdir()) == []
    assert store.of(app).available


def test_init_app_refuses_bad_configuration(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="REDIS_DB"):
        RedisStore().init_app(make_app(tmp_path, REDIS_DB="first"))


def test_two_applications_share_nothing(tmp_path: Path) -> None:
    store = RedisStore()
    one = make_app(tmp_path, REDIS_KEY_PREFIX="one:")
    other = make_app(tmp_path, REDIS_KEY_PREFIX="other:")
    store.init_app(one)
    store.init_app(other)
    with one.app_context():
        assert store.current.keys.breaker("b") == "one:{cb:b}"
        with other.app_context():
            assert store.current.keys.breaker("b") == "other:{cb:b}"
            assert store.current is not store.of(one)


def test_an_application_without_it_is_told_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError, match="init_app"):
        RedisStore.of(make_app(tmp_path))


def test_outside_an_application_it_says_so() -> None:
    with pytest.raises(RuntimeError, match="application context"):
        RedisStore().current


@pytest.mark.skipif(ASYNC_MODE == "eventlet", reason="a hub does not survive a fork")
@pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")
def test_a_child_forked_while_its_parent_connects_does_not_wait_for_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    connecting, forked = threading.Event(), threading.Event()
    parent = os.getpid()

    def away(*_: object) -> None:
        if os.getpid() == parent:
            connecting.set()
            assert forked.wait(60)
        raise exceptions.ConnectionError

    monkeypatch.setattr("yoto.redis.connection.open_topology", away)
    connection = RedisConnection(RedisSettings.from_config({}, tmp_path))
    first = threading.Thread(target=_asks, args=[connection])
    first.start()
    assert connecting.wait(60)
    child = os.fork()
    if not child:
        threading.Timer(30, os._exit, [2]).start()
        os._exit(0 if _asks(connection) else 1)
    forked.set()
    first.join()
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    connection.close()


def _asks(connection: RedisConnection) -> bool:
    """Whether it is told that there is no server."""
    try:
        connection.topology
    except StoreUnavailable:
        return True
    return False
