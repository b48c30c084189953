from __future__ import annotations

import threading
from typing import Any

import pytest
from flask import Flask

from tests.support.waiting import free_port
from yoto.cache import CacheSettings, HybridPermissionCache, TieredCache
from yoto.cache.settings import RETIRED
from yoto.errors import ConfigurationError
from yoto.optimization import AdvancedOptimization
from yoto.redis import RedisStore

cache, optimization, redis_store = HybridPermissionCache(), AdvancedOptimization(), RedisStore()


def application(**config: Any) -> Flask:
    """An application whose Redis is not there."""
    app = Flask(__name__)
    app.config.update(REDIS_URL=f"redis://127.0.0.1:{free_port()}/0", **config)
    for extension in (redis_store, optimization, cache):
        extension.init_app(app)
    return app


def test_setting_up_connects_to_nothing_and_starts_no_thread() -> None:
    before = threading.active_count()
    app = application()
    assert isinstance(HybridPermissionCache.of(app), TieredCache)
    assert threading.active_count() == before


def test_applications_share_nothing() -> None:
    one, other = application(), application()
    assert HybridPermissionCache.of(one) is not HybridPermissionCache.of(other)
    assert AdvancedOptimization.of(one).locks is not AdvancedOptimization.of(other).locks
    with one.app_context():
        assert cache.current is HybridPermissionCache.of(one)
        assert optimization.locks is AdvancedOptimization.of(one).locks
    with other.app_context():
        assert cache.current is HybridPermissionCache.of(other)


def test_a_bad_setting_stops_the_start_by_its_key() -> None:
    with pytest.raises(ConfigurationError) as failed:
        application(CACHE_USERS_SIZE="plenty")
    assert failed.value.key == "CACHE_USERS_SIZE"


@pytest.mark.parametrize("key", RETIRED)
def test_a_setting_of_a_store_that_was_removed_is_ignored_and_named_at_start(
    key: str, caplog: pytest.LogCaptureFixture
) -> None:
    app = application(**{key: "100"})
    assert HybridPermissionCache.of(app).settings == CacheSettings()
    [line] = [one for one in caplog.messages if key in one]
    assert "deprecated and ignored" in line


def test_nothing_is_said_of_settings_that_are_used(caplog: pytest.LogCaptureFixture) -> None:
    application(CACHE_USERS_SIZE=10)
    assert not caplog.messages


def test_settings_reach_the_cache() -> None:
    assert HybridPermissionCache.of(application(MAX_STALENESS=5)).settings.max_staleness == 5.0


@pytest.mark.parametrize("extension", [cache, optimization])
def test_what_is_missing_is_said(extension: Any) -> None:
    app = Flask(__name__)
    with pytest.raises(RuntimeError, match="init_app"):
        extension.init_app(app)
    with pytest.raises(RuntimeError, match="init_app"):
        extension.of(app)


def test_outside_an_application_there_is_no_cache() -> None:
    with pytest.raises(RuntimeError):
        cache.stats()
    with pytest.raises(RuntimeError):
        optimization.create_lock("job")


def test_parts_can_be_given() -> None:
    app = Flask(__name__)
    whole = application()
    redis, locks = RedisStore.of(whole), AdvancedOptimization.of(whole).locks
    cache.init_app(app, redis=redis, locks=locks)
    assert HybridPermissionCache.of(app) is not HybridPermissionCache.of(whole)
