"""The monitor in the application: what it measures, shows, and finds again after a restart."""

from __future__ import annotations

import time
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from prometheus_client.parser import text_string_to_metric_families
from sqlalchemy import event, exc, text

from app.extensions import cache, db, monitor, optimization, permissions, resilience
from tests.support.applications import another_app
from tests.support.together import together
from tests.support.waiting import wait_until
from tests.support.world import World
from yoto.errors import StoreUnavailable, ValidationFailed
from yoto.monitor import names
from yoto.monitor.history import COARSE, FINE, MIDDLE, Batch, Point, Resolution
from yoto.monitor.monitoring import Monitoring
from yoto.monitor.summary import Summary, summarise
from yoto.resilience import BulkheadConfig, BulkheadStrategy
from yoto.rooms.alerts import series
from yoto.rooms.alerts.extension import alerts
from yoto.rooms.queues.series import INVALIDATION_ITEMS
from yoto.rooms.warm_up.series import HOT_WAITING
from yoto.store.columns import utcnow
from yoto.store.models import OutboxEvent


@pytest.fixture
def monitoring(app: Flask) -> Monitoring:
    """The monitor of ``app``, which has recorded nothing but that it began."""
    found = monitor.of(app)
    found.flush()
    return found


def measured(monitoring: Monitoring, resolution: Resolution = COARSE) -> Point:
    """Everything so far as one point."""
    monitoring.flush()
    whole = Point(0, 60)
    for point in monitoring.read(resolution, monitoring.now() - 300).points:
        whole.add(Batch(point.counters, {}, point.histograms))
        for about, level in point.gauges.items():
            whole.gauges[about] = level
    return whole


def test_requests_are_counted_exactly_by_part_and_status(
    app: Flask, monitoring: Monitoring
) -> None:
    def ask() -> None:
        client = app.test_client()
        for _ in range(25):
            client.get("/livez")
        for _ in range(5):
            client.get("/nowhere")

    together([ask] * 4)
    found = measured(monitoring)
    assert found.counted(names.REQUESTS, area="health", status="2xx") == 100
    assert found.counted(names.REQUESTS, area="none", status="4xx") == 20
    assert found.distribution(names.REQUEST_TIME).count == 120
    summary = summarise(found)
    assert (summary.requests, summary.errors, summary.error_rate) == (120, 0, 0.0)
    assert summary.request is not None and summary.request.p50 <= summary.request.p99


def test_checks_are_counted_exactly_by_tier_and_result(
    app: Flask, world: World, monitoring: Monitoring
) -> None:
    community = world.server()
    person, stranger = world.member(community), world.user()
    place = ("channel", community.channel_id)
    with app.app_context():
        for _ in range(40):
            assert permissions.check_permission(person.id, "channel.read", *place)
        for _ in range(7):
            assert not permissions.check_permission(stranger.id, "channel.read", *place)
        assert permissions.decide(person.id, "channel.read", *place).tier == "l1"
    found = measured(monitoring)
    checks = {
        " ".join(dict(about.labels)[label] for label in ("permission", "tier", "result")): count
        for about, count in found.counters.items()
        if about.name == names.CHECKS
    }
    assert checks == {
        "channel.read db allowed": 1,
        "channel.read l1 allowed": 40,
        "channel.read db denied": 1,
        "channel.read l1 denied": 6,
    }
    assert found.counted(names.DENIALS, permission="channel.read") == 7
    assert found.counted(names.DENIALS, permission="channel.read", reason="not_member") == 7
    # Each answer of memory counts as one look-up, however little it costs.
    assert found.counted(names.LOOKUPS, tier="l1", result="hit") == 46
    assert found.counted(names.LOOKUPS, tier="l1", result="miss") == 2
    assert found.distribution(names.LOAD_TIME).count == 2
    assert found.distribution(names.L2_TIME).count >= 2
    # Allows that memory gives at once are counted, not timed: there are two loads, one decision and
    # the denials.
    assert found.distribution(names.CHECK_TIME).count == 9
    summary = summarise(found)
    assert (summary.decisions, summary.allowed, summary.denied) == (48, 41, 7)
    assert summary.l1_hit_rate == pytest.approx(46 / 48)


def test_a_check_without_a_verdict_is_an_error_and_no_denial(
    app: Flask, world: World, monitoring: Monitoring, monkeypatch: pytest.MonkeyPatch
) -> None:
    person = world.user()
    caching = permissions.caching_of(app)
    assert caching is not None

    def away(*arguments: object) -> None:
        raise StoreUnavailable("database")

    monkeypatch.setattr(caching.source, "_load", away)
    with app.app_context(), pytest.raises(StoreUnavailable):
        permissions.check_permission(person.id, "platform.view")
    found = measured(monitoring)
    assert found.counted(names.CHECK_ERRORS) == 1
    assert found.counted(names.CHECKS) == 0


def test_stores_and_the_process_are_measured(
    client: FlaskClient, world: World, monitoring: Monitoring
) -> None:
    world.user()
    client.get("/readyz")
    found = measured(monitoring)
    assert found.distribution(names.DATABASE_TIME).count >= 1
    assert found.counted(names.CPU) > 0
    memory, up = found.level(names.MEMORY), found.level(names.REDIS_UP)
    assert memory is not None and memory.mean > 10_000_000
    assert up is not None and up.highest == 1.0
    assert found.counted(names.SOURCE_FAILURES) == 0


def test_a_change_is_measured_until_it_is_applied(
    app: Flask, world: World, monitoring: Monitoring
) -> None:
    with app.app_context():
        permissions.start(app)
        wait_until(lambda: cache.stats().fresh)
        person = world.user()

        def applied() -> bool:
            permissions.invalidate_user_cache(person.id)
            return measured(monitoring).distribution(names.STALENESS).count > 0

        wait_until(applied, 20)
    stale = measured(monitoring).distribution(names.STALENESS).quantile(0.5)
    assert stale is not None and stale < 5


def test_what_a_relay_publishes_late_is_as_old_as_its_commit(
    app: Flask, world: World, monitoring: Monitoring
) -> None:
    caching = permissions.caching_of(app)
    assert caching is not None
    person = world.user()
    with app.app_context():
        permissions.start(app)
        wait_until(lambda: cache.stats().fresh)
        caching.relay.close()
        row = OutboxEvent(subject=f"user:{person.id}", created_at=utcnow() - timedelta(seconds=60))
        db.session.add(row)
        db.session.commit()
        assert caching.relay.turn() >= 1
        wait_until(
            lambda: (measured(monitoring).distribution(names.STALENESS).quantile(1.0) or 0) > 50
        )
        found = measured(monitoring)
    oldest = found.distribution(names.STALENESS).quantile(1.0)
    assert oldest is not None and 50 < oldest < 80
    worst = found.level(names.STALENESS_WORST)
    assert worst is not None and 60 <= worst.highest < 70
    # Everything there is was applied, so that nothing lies between the newest and this worker.
    newest, applied = found.level(names.LOG_NEWEST), found.level(names.LOG_APPLIED)
    assert newest is not None and applied is not None
    assert newest.highest == applied.highest


def test_a_worker_that_stands_still_is_behind_what_it_writes_itself(
    app: Flask, world: World, monitoring: Monitoring
) -> None:
    with app.app_context():
        permissions.start(app)
        wait_until(lambda: cache.stats().fresh)
        tailer = cache.of(app).tailer
        tailer.close(timeout=30)
        before = tailer.applied_number
        for _ in range(5):
            cache.current.invalidate_all()
        found = measured(monitoring)
    newest, applied = found.level(names.LOG_NEWEST), found.level(names.LOG_APPLIED)
    assert newest is not None and applied is not None and before is not None
    assert (applied.highest, newest.highest - applied.highest >= 5) == (before, True)


def test_prometheus_reads_sums_and_nobodys_name(
    client: FlaskClient, world: World, monitoring: Monitoring
) -> None:
    person = world.user("very-own-name")
    client.get("/livez", headers=person.headers)
    monitoring.flush()
    answer = client.get("/metrics")
    text = answer.get_data(as_text=True)
    assert answer.status_code == 200
    assert answer.content_type.startswith("text/plain; version=")
    assert 'yoto_http_requests_total{area="health",status="2xx"} 1.0' in text
    assert "very-own-name" not in text
    # Prometheus's own parser takes it, and every family is one of those that are explained.
    families = {family.name: family for family in text_string_to_metric_families(text)}
    kinds = {f"{name}_total" if one.type == "counter" else name for name, one in families.items()}
    assert all(map(names.help_of, kinds))
    assert all(one.documentation for one in families.values())


def test_metrics_want_their_token_where_there_is_one(app: Flask, client: FlaskClient) -> None:
    app.config["METRICS_TOKEN"] = token = "a-token-of-prometheus"
    for headers in ({}, {"Authorization": "Bearer another-one"}):
        refused = client.get("/metrics", headers=headers)
        assert refused.status_code == 401
        assert refused.headers["WWW-Authenticate"].startswith("Bearer")
        assert b"yoto_" not in refused.data
    assert b"yoto_" in client.get("/metrics", headers={"Authorization": f"Bearer {token}"}).data


def test_two_tokens_are_good_while_one_is_replaced(app: Flask, client: FlaskClient) -> None:
    tokens = "the-token-of-prometheus", "its-next-token-of-now"
    app.config["METRICS_TOKEN"], app.config["METRICS_TOKEN_FALLBACK"] = tokens
    given = [*tokens, "another-one-altogether"]
    answers = [client.get("/metrics", headers={"Authorization": f"Bearer {one}"}) for one in given]
    assert [one.status_code for one in answers] == [200, 200, 401]


def test_what_was_measured_is_there_after_a_restart(
    app: Flask, app_config: dict[str, Any], client: FlaskClient, tmp_path: Path
) -> None:
    monitoring = monitor.of(app)
    for _ in range(3):
        client.get("/livez")
    monitoring.flush()
    monitoring.close()
    with another_app(app_config, tmp_path / "other") as other:
        found = monitor.of(other)
        found.flush()
        # The minute that runs is not over, and these may be of two.
        summary = summarise(measured(found))
        assert isinstance(summary, Summary) and summary.requests == 3
        assert all(one.at % 60 == 0 and one.at + 60 <= found.now() for one in found.summaries(1))


def test_whole_minutes_have_summaries(app: Flask, client: FlaskClient) -> None:
    monitoring = monitor.of(app)
    client.get("/livez")
    monitoring.flush()
    backend = monitoring.backend
    later = backend.now() + 60
    backend.now = lambda: later  # type: ignore[method-assign]
    (summary,) = monitoring.summaries(hours=1)
    assert (summary.requests, summary.at % 60) == (1, 0)


def test_the_first_request_starts_it_and_closing_delivers_the_rest(
    app_config: dict[str, Any], tmp_path: Path
) -> None:
    config = {**app_config, "MONITOR": True, "MONITOR_INTERVAL": 10.0}
    with another_app(config, tmp_path / "measured") as app:
        found = monitor.of(app)
        assert not found.running
        app.test_client().get("/livez")
        assert found.running
    assert not found.running
    with another_app(app_config, tmp_path / "next") as app:
        found = monitor.of(app)
        found.flush()
        points = found.read(MIDDLE, found.now() - 60).points
        assert sum(point.counted(names.REQUESTS) for point in points) == 1


def test_wrong_questions_are_refused(app: Flask) -> None:
    monitoring = monitor.of(app)
    with pytest.raises(ValidationFailed, match="hours: must be above 0 and at most 168"):
        monitoring.summaries(hours=0)
    with pytest.raises(ValidationFailed, match="resolution: must be one of 1 s, 10 s, 60 s"):
        monitoring.read(FINE.keeping(5), 0)


def test_breakers_bulkheads_and_queues_are_measured(app: Flask, monitoring: Monitoring) -> None:
    resilience.of(app).circuit_breaker("measured").force_open("a test", 60)
    bulkhead = resilience.of(app).bulkhead("measured")
    optimization.of(app).queue.register_handler("measured", lambda items: None)
    optimization.of(app).queue.enqueue("measured", {})
    with bulkhead.acquire():
        # As its thread does while the monitor runs.
        for slow in monitoring._collectors._jobs:
            slow.task()
        found = measured(monitoring)
    assert found.counted(names.SOURCE_FAILURES) == 0
    expected = {
        (names.BREAKER_STATE, "name", "measured"): 3,
        (names.BULKHEAD_HELD, "name", "measured"): 1,
        (names.QUEUE_ITEMS, "kind", "measured"): 1,
    }
    for (name, label, value), highest in expected.items():
        level = found.level(name, **{label: value})
        assert level is not None and level.highest == highest, (name, level)
    for name in (names.BULKHEAD_LIMIT, INVALIDATION_ITEMS, HOT_WAITING):
        assert found.level(name) is not None, name
    for name in (names.REDIS_CONNECTIONS, names.DATABASE_CONNECTIONS):
        assert found.level(name, state="idle") is not None, name
    assert found.distribution(names.LOCK_TIME).count >= 1
    # The round trips of the flush before.
    assert found.distribution(names.REDIS_TIME).count >= 1


def test_a_statement_that_fails_is_timed_and_told_by_kind(
    app: Flask, monitoring: Monitoring
) -> None:
    seconds = 30.0

    def age(*arguments: Any) -> None:
        if "nowhere" in arguments[2]:
            arguments[4]._yoto_began -= seconds

    with app.app_context():
        db.session.execute(text("SELECT 1"))
        before = measured(monitoring).distribution(names.DATABASE_TIME).total
        # Others of the application have statements timed too, none of which takes so long.
        event.listen(db.engine, "before_cursor_execute", age)
        with pytest.raises(exc.DBAPIError):
            db.session.execute(text("SELECT nothing FROM nowhere"))
        found = measured(monitoring)
    assert found.distribution(names.DATABASE_TIME).total >= before + seconds
    assert found.counted(names.DATABASE_ERRORS, kind="operation") == 1
    assert found.counted(names.DATABASE_ERRORS) == 1


def test_whether_alerts_are_evaluated_is_measured(
    app: Flask, monitoring: Monitoring, monkeypatch: pytest.MonkeyPatch
) -> None:
    state = alerts.of(app)
    assert measured(monitoring).level(series.ALERT_SILENCE) is None
    # As while its threads run.
    state.started = True
    later = time.monotonic() + 100
    monkeypatch.setattr("yoto.rooms.alerts.evaluator.monotonic", lambda: later)
    silent = measured(monitoring).level(series.ALERT_SILENCE)
    assert silent is not None and silent.highest >= 100
    state.evaluator.turn()
    found = measured(monitoring)
    assert found.counted(series.ALERT_EVENTS, event="evaluations") == 1
    silent = found.level(series.ALERT_SILENCE)
    assert silent is not None and silent.lowest < 100


def test_only_a_bulkhead_of_one_partition_has_a_limit_to_compare_with(
    app: Flask, monitoring: Monitoring
) -> None:
    per_user = BulkheadConfig(max_concurrent=2, strategy=BulkheadStrategy.USER)
    resilience.of(app).define("parts", bulkhead=per_user)
    parts = resilience.of(app).bulkhead("parts")
    with parts.acquire(), resilience.of(app).bulkhead("whole").acquire():
        found = measured(monitoring)
    limit = found.level(names.BULKHEAD_LIMIT, name="parts", strategy="user")
    assert limit is not None and limit.highest == 2
    assert found.level(names.BULKHEAD_LIMIT, name="whole", strategy="name") is not None
