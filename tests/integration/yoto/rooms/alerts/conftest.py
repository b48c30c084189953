"""Alerts on their tables, with a clock that tests move."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from flask import Flask

from tests.support.redis_fixtures import PATIENCE
from tests.support.redis_servers import Server
from tests.unit.yoto.rooms.alerts.making import rule
from yoto.events import Event, EventStream
from yoto.monitor.alert_rules import AlertRule
from yoto.persistence import SqlJournal
from yoto.redis import RedisConnection, RedisSettings
from yoto.resilience import ConfigStore, Kind
from yoto.resilience.config_store import RedisCopy
from yoto.rooms.alerts.evaluator import always
from yoto.rooms.alerts.extension import AlertState
from yoto.rooms.alerts.notices import AlertPublisher
from yoto.rooms.alerts.settings import AlertSettings, SendSettings
from yoto.rooms.alerts.tables import AlertStore
from yoto.rooms.alerts.tables.rows import SessionRows

INTERVAL = 5.0


class Clock:
    """Seconds since 1970, when a test says so."""

    def __init__(self) -> None:
        self.now = 1_800_000_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def store(app: Flask, clock: Clock, monkeypatch: pytest.MonkeyPatch) -> AlertStore:
    """An empty store whose clock is ``clock``."""
    monkeypatch.setattr(SessionRows, "now", property(lambda rows: clock.now))
    return AlertStore(app)


def connected(server: Server) -> RedisConnection:
    """A connection with keys of its own."""
    return RedisConnection(
        RedisSettings(
            url=server.url,
            socket_timeout=PATIENCE,
            connect_timeout=PATIENCE,
            key_prefix=f"test-{secrets.token_hex(6)}:",
        )
    )


@pytest.fixture
def redis(valkey_server: Server) -> Iterator[RedisConnection]:
    connection = connected(valkey_server)
    yield connection
    connection.close()


@pytest.fixture
def settings_redis(valkey_server: Server) -> Iterator[RedisConnection]:
    """Where the store of settings has its events: those of alerts are read alone."""
    connection = connected(valkey_server)
    yield connection
    connection.close()


@dataclass
class Platform:
    """Alerts of one process, without their threads: tests take their turns."""

    state: AlertState
    store: AlertStore
    stream: EventStream
    clock: Clock
    config: ConfigStore
    values: dict[str, float | None] = field(default_factory=dict)
    degraded: list[tuple[str, str, bool]] = field(default_factory=list)

    def see(self, load: float | None, after: float = INTERVAL) -> list[str]:
        """Evaluate ``after`` seconds later, and return what happened."""
        self.clock.now += after
        self.values["load"] = load
        return [f"{one.kind} {one.new or ''}".strip() for one in self.state.evaluator.turn()]

    def events(self) -> list[Event]:
        """The events in the stream."""
        return [stored.event for stored in self.stream.read()]

    def published(self) -> list[str]:
        """Their types."""
        return [event.type for event in self.events()]

    def open_rules(self) -> list[str]:
        with self.store.reading() as rows:
            return [alert.rule for alert in rows.open_alerts()]


@pytest.fixture
def another(
    app: Flask,
    store: AlertStore,
    redis: RedisConnection,
    settings_redis: RedisConnection,
    clock: Clock,
) -> Callable[..., Platform]:
    """Makes further processes on the same store."""

    def make(*rules: AlertRule, **parts: Any) -> Platform:
        stream = parts.pop("stream", None) or EventStream(redis, "instance-1")
        values: dict[str, float | None] = {}
        degraded: list[tuple[str, str, bool]] = []

        def degrade(source: str, level: str, ttl: float, reason: str) -> None:
            degraded.append((source, level, ttl > 0))

        rules = rules or (rule(recover=INTERVAL),)
        copy = RedisCopy(
            settings_redis.scripts, settings_redis.keys, EventStream(settings_redis, "settings")
        )
        config = ConfigStore(copy, SqlJournal(app))
        for one in rules:
            config.define(Kind.ALERT_RULE, one.name, one)
        settings = parts.pop("settings", None) or AlertSettings(
            interval=INTERVAL, sending=SendSettings(timeout=PATIENCE, allow_internal=True)
        )
        state = AlertState(
            store,
            parts.pop("read", None) or (lambda: values),
            AlertPublisher(store, stream),
            settings,
            rules,
            lambda: config,
            parts.pop("elected", always),
            parts.pop("degrade", degrade),
        )
        assert not parts
        return Platform(state, store, stream, clock, config, values, degraded)

    return make


@pytest.fixture
def platform(another: Callable[..., Platform]) -> Platform:
    """High is bad from 10, 20, 30; at once, and back after one interval."""
    return another()
