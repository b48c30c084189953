from __future__ import annotations

from pathlib import Path

import pytest
from flask import Flask

from yoto.errors import ConfigurationError
from yoto.redis import RedisStore


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
