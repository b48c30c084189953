"""A guest has settings of its own: with ``YOTO_`` before each, and none of its host's."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import create_engine
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, scoped_session, sessionmaker

from tests.support.redis_servers import Server
from yoto import Yoto
from yoto.cache import HybridPermissionCache
from yoto.errors import ConfigurationError
from yoto.optimization import AdvancedOptimization
from yoto.permission import PermissionSystem
from yoto.sweeping import sweeper_of

Wire = Callable[..., Flask]
# Such as Flask-Caching or a queue of the host's have.
OF_THE_HOST = {
    "CACHE_USERS_SIZE": "as many as there are",
    "CACHE_USERS_TTL": 7.0,
    "MAX_STALENESS": "none",
    "QUEUE_WORKERS": 9,
    "QUEUE_LEASE": 3.0,
    "INVALIDATION_STRATEGY": "by hand",
    "INVALIDATION_PACE": 1,
    "HOT_HOURS": 1.0,
    "PERMISSION_POOL_SIZE": 64,
    "OUTBOX_RELAY_INTERVAL": "often",
}


class Base(DeclarativeBase):
    """Tables of the host."""


class Person(Base):
    """Somebody who uses it."""

    __tablename__ = "people"

    id: Mapped[int] = mapped_column(primary_key=True)


@pytest.fixture
def wire(valkey_server: Server, tmp_path: Path) -> Iterator[Wire]:
    """Makes a host that Yoto is a guest in, with settings of both."""
    engine = create_engine(f"sqlite:///{tmp_path}/host.db")

    def wire(control_plane: bool, **settings: Any) -> Flask:
        app = Flask("host", instance_path=str(tmp_path))
        app.secret_key = "only the tests of the host use it"
        app.config |= {
            "YOTO_REDIS_URL": valkey_server.url,
            "YOTO_REDIS_KEY_PREFIX": f"test-host-{secrets.token_hex(4)}:",
            **settings,
        }
        Yoto(
            app,
            db=scoped_session(sessionmaker(engine)),
            users=Person,
            control_plane=control_plane,
            rooms=["queues"],
            **({"operators": lambda: None} if control_plane else {}),
        )
        return app

    yield wire
    engine.dispose()


@pytest.mark.parametrize("control_plane", [False, True], ids=["permissions", "control plane"])
def test_a_guest_reads_its_own_settings_and_none_of_its_host(
    wire: Wire, control_plane: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("YOTO_QUEUE_BATCH_SIZE", "33")
    monkeypatch.setenv("YOTO_CACHE_USERS_SIZE", "12")
    own = {
        "YOTO_CACHE_USERS_SIZE": 11,
        "YOTO_MAX_STALENESS": 4.0,
        "YOTO_INVALIDATION_PACE": 5,
        "YOTO_PERMISSION_POOL_SIZE": 6,
    }
    app = wire(control_plane, **OF_THE_HOST, **own)
    cache, optimization = HybridPermissionCache.of(app), AdvancedOptimization.of(app)
    caching = PermissionSystem.caching_of(app)
    assert caching is not None
    assert (cache.settings.users.size, cache.settings.users.ttl) == (11, 900.0)
    assert cache.settings.max_staleness == 4.0
    assert optimization.queue.batch_size == 33
    invalidation = optimization.invalidation.settings
    assert (invalidation.strategy, invalidation.pace) == ("by_analysis", 5)
    assert caching.pool.use().size == 6
    assert optimization.queue.settings.lease == 15.0


@pytest.mark.parametrize("control_plane", [False, True], ids=["permissions", "control plane"])
@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("YOTO_CACHE_USERS_SIZE", 0),
        ("YOTO_QUEUE_WORKERS", "many"),
        ("YOTO_INVALIDATION_WARNING", 5),
        ("YOTO_CACHE_LOAD_WAIT", 1.0),
    ],
)
def test_a_wrong_setting_of_a_guest_is_named_as_it_is_written(
    wire: Wire, control_plane: bool, key: str, value: Any
) -> None:
    with pytest.raises(ConfigurationError) as refused:
        wire(control_plane, **{key: value})
    assert refused.value.key == key


def test_a_number_or_a_flag_that_is_empty_is_not_configured(wire: Wire) -> None:
    app = wire(False, YOTO_QUEUE_LEASE="", YOTO_REDIS_TLS="", YOTO_CACHE_USERS_SIZE="")
    assert HybridPermissionCache.of(app).settings.users.size == 8_000
    assert AdvancedOptimization.of(app).queue.settings.lease == 15.0


def test_who_relays_nothing_may_still_be_the_one_that_sweeps(wire: Wire) -> None:
    app = wire(False, YOTO_OUTBOX_RELAY=False)
    caching = PermissionSystem.caching_of(app)
    assert caching is not None
    caching.start_threads()
    try:
        assert sweeper_of(app).running
        assert not caching.relay.running
    finally:
        Yoto.close(app)


def test_prefetching_leaves_a_connection_to_the_checks_where_there_is_any(wire: Wire) -> None:
    wire(True, YOTO_PERMISSION_POOL_SIZE=2)
    with_it = {"YOTO_ROOMS": "prefetch", "YOTO_PERMISSION_POOL_SIZE": 2}
    with pytest.raises(ConfigurationError, match="YOTO_PERMISSION_POOL_SIZE"):
        wire(True, **with_it)
    wire(True, **with_it, YOTO_PREFETCH_ENABLED=False)
