"""Rules and dashboard name series that a real run shows, with values of labels that it shows."""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import replace
from typing import Any

import pytest
from flask import Flask
from prometheus_client.parser import text_string_to_metric_families
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from app.extensions import cache, db, monitor, optimization, permissions, resilience
from tests.support.prometheus_files import dashboard_queries, rules
from tests.support.waiting import wait_until
from tests.support.world import World
from yoto.errors import BulkheadFull, StoreUnavailable
from yoto.http.request_metrics import EXTENSION_KEY as REQUEST_METRICS
from yoto.http.request_metrics import RequestMetrics
from yoto.monitor.backends.delivery import Backlog
from yoto.monitor.history import Batch
from yoto.request.records import RequestRecord
from yoto.resilience import BulkheadConfig, Outcome, RateLimitConfig
from yoto.rooms.alerts.extension import alerts
from yoto.rooms.policies import PolicyManager
from yoto.rooms.prefetch.extension import Prefetch
from yoto.rooms.prefetch.fetching.task import TaskState
from yoto.rooms.warm_up.extension import warming_of

SELECTOR = re.compile(r"\b(yoto_\w+)(?:\{([^}]*)\})?")
MATCHER = re.compile(r'(\w+)(=~|=|!=|!~)"([^"]*)"')
Shown = dict[str, list[dict[str, str]]]


@pytest.fixture
def app_config(app_config: dict[str, Any]) -> dict[str, Any]:
    return {**app_config, "PREFETCH_ENABLED": True, "PRELOAD": True}


def run(app: Flask, world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Something of everything that a platform does, and of what goes wrong in it."""
    client = app.test_client()
    client.get("/livez")
    client.post("/api/v1/auth/login", json={"username": "nobody", "password": "a wrong one"})
    monitoring = monitor.of(app)
    # So that the clock of Redis is known.
    monitoring.flush()
    metrics: RequestMetrics = app.extensions[REQUEST_METRICS]
    asked = next(app.url_map.iter_rules("health.livez"))
    failed = RequestRecord("one", "one", "GET", "/livez", None, asked, None, status=500)
    metrics.count([failed])
    state = alerts.of(app)
    state.started = True
    state.deliverer.counts.given_up += 1
    with app.app_context():
        check(app, world, monkeypatch)
        guard(app)
        lose(app)
    ahead(app, monkeypatch)
    metrics = PolicyManager.of(app).metrics
    for unavailable in (False, True):
        metrics.evaluated(100.0)
        metrics.failed(unavailable)
    optimization.of(app).queue.register_handler("shown", lambda items: None)
    optimization.of(app).queue.enqueue("shown", {})
    # As its threads do while the monitor runs.
    for slow in monitoring._collectors._jobs:
        slow.task()
    for _ in range(2):
        monitoring._turn()


def check(app: Flask, world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Checks that each tier answers, a change, and a check without a verdict."""
    caching = permissions.caching_of(app)
    assert caching is not None
    permissions.start(app)
    wait_until(lambda: cache.stats().fresh)
    person, other = world.user(), world.user()
    for _ in range(2):
        permissions.check_permission(person.id, "platform.view")
        cache.of(app).forget()
        permissions.check_permission(person.id, "platform.view")
    permissions.decide(person.id, "platform.view", context={"shown": True})

    def applied() -> bool:
        permissions.invalidate_user_cache(person.id)
        monitor.of(app).flush()
        text = app.test_client().get("/metrics").get_data(as_text=True)
        return "yoto_invalidation_staleness_worst" in text

    wait_until(applied, 20)
    caching.outbox.counts.failures += 1

    def away(*arguments: object) -> None:
        raise StoreUnavailable("database")

    with monkeypatch.context() as broken:
        broken.setattr(caching.source, "_load", away)
        with pytest.raises(StoreUnavailable):
            permissions.check_permission(other.id, "platform.view")


def guard(app: Flask) -> None:
    """Guards that let in and refuse."""
    controller = resilience.of(app)
    controller.define(
        "shown", bulkhead=BulkheadConfig(max_concurrent=1), rate_limit=RateLimitConfig()
    )
    controller.circuit_breaker("shown").allow().exit(Outcome.SUCCESS)
    with controller.guard("shown").enter():
        with pytest.raises(BulkheadFull), controller.bulkhead("shown").acquire():
            pass
    controller.bulkhead("shown").store.answered_locally += 1


def ahead(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    """Prefetching and preloading, with every outcome that a prefetch may have."""
    prefetcher = Prefetch.of(app).prefetcher
    assert prefetcher is not None
    counts = {"loaded": 1, **{state.value: 1 for state in TaskState}}
    stats = replace(prefetcher.stats(), counts=counts, late_precision=0.5)
    monkeypatch.setattr(prefetcher, "stats", lambda: stats)
    preloading = warming_of(app).preloading
    done = replace(preloading.stats(), runs=1, l2=1, db=1, used=1, unused=1)
    monkeypatch.setattr(preloading, "stats", lambda: done)


def lose(app: Flask) -> None:
    """A connection that breaks, and measurements that were given up."""
    with db.engine.connect() as connection:
        raw: Any = connection.connection.dbapi_connection
        raw.close()
        with pytest.raises(DBAPIError):
            connection.execute(text("SELECT 1"))
        connection.invalidate()
    backlog = Backlog(longest=0.0, most=1)
    for _ in range(2):
        backlog.add(Batch(), 1.0)
    backend: Any = monitor.of(app).backend
    backlog._sequence = backend._backlog._sequence
    backend._backlog = backlog


def shown(app: Flask) -> Shown:
    """By sample, the labels of each line of ``/metrics``."""
    monitor.of(app).flush()
    text = app.test_client().get("/metrics").get_data(as_text=True)
    found: Shown = defaultdict(list)
    for family in text_string_to_metric_families(text):
        for sample in family.samples:
            found[sample.name].append(sample.labels)
    return found


def missing(queries: list[str], found: Shown) -> set[str]:
    """Selectors of the queries that match no line."""
    wrong = set()
    for query in queries:
        for name, inner in SELECTOR.findall(query):
            wanted = MATCHER.findall(inner)
            if not any(all(_fits(labels, *one) for one in wanted) for labels in found[name]):
                wrong.add(f"{name}{{{inner}}}" if inner else name)
    return wrong


def _fits(labels: dict[str, str], label: str, how: str, value: str) -> bool:
    said = labels.get(label, "")
    same = re.fullmatch(value, said) is not None if "~" in how else said == value
    return same is (how[0] == "=")


def test_every_selector_matches_what_a_run_shows(
    app: Flask, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    run(app, world, monkeypatch)
    found = shown(app)
    queries = [rule["expr"] for rule in rules()] + dashboard_queries()
    assert missing(queries, found) == set()
    # And what no run shows is noticed.
    wrong = ["yoto_nothing", 'rate(yoto_queue_items{state="deceased"}[5m])']
    assert missing(wrong, found) == {"yoto_nothing", 'yoto_queue_items{state="deceased"}'}
