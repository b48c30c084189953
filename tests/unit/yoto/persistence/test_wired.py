"""Guards on the application's real database: recorded, audited, refilled, and never in the way."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest
from flask import Flask
from sqlalchemy import func, select

from app.models import User
from tests.support.redis_servers import Server
from tests.support.waiting import wait_until
from yoto.errors import VersionConflict
from yoto.events import Events
from yoto.http.acts import audit_of_guards
from yoto.persistence import SqlJournal
from yoto.redis import RedisStore
from yoto.resilience import Kind, Resilience, ResilienceController
from yoto.store.db import db
from yoto.store.models import AuditRecord, ResilienceConfigChange


@pytest.fixture
def controller(app: Flask, valkey_server: Server) -> Iterator[ResilienceController]:
    """The controller of the application, wired as ``create_app`` wires it."""
    with valkey_server.client() as client:
        client.flushall()
    Events().init_app(app)
    Resilience().init_app(
        app, RedisStore.of(app), Events.of(app), journal=SqlJournal(app), audit=audit_of_guards(app)
    )
    controller = Resilience.of(app)
    yield controller
    controller.close()
    RedisStore.of(app).close()


def limit_of(controller: ResilienceController) -> int:
    return controller.get_bulkhead_config("thing").max_concurrent


def test_a_flushed_redis_gets_the_configuration_back_from_the_table(
    controller: ResilienceController, valkey_server: Server
) -> None:
    controller.set_bulkhead_config("thing", max_concurrent=3, author="ada")
    key = controller.runtime.keys.event_stream("config")
    with valkey_server.client() as client:
        client.flushall()
        wait_until(lambda: client.hexists(key, "bulkhead:thing"))
    assert limit_of(controller) == 3


def test_a_change_inside_a_request_that_writes_is_one_transaction(
    app: Flask, controller: ResilienceController
) -> None:
    @app.put("/test-limit/<int:limit>")
    def change(limit: int) -> dict[str, int]:
        # As a route does that finds its caller, and holds SQLite's write lock from then on.
        db.session.scalars(select(User)).all()
        receipt = controller.set_bulkhead_config("thing", max_concurrent=limit, author="ada")
        return {"version": receipt.entry.version}

    client = app.test_client()
    assert [client.put(f"/test-limit/{n}").json for n in (3, 4)] == [{"version": 1}, {"version": 2}]
    with app.app_context():
        assert db.session.scalar(select(func.count()).select_from(ResilienceConfigChange)) == 2
        audited = db.session.scalars(
            select(AuditRecord.action).where(AuditRecord.action.startswith("resilience"))
        )
        assert list(audited) == ["resilience.config.set"] * 2
    assert limit_of(controller) == 4


def test_of_many_writers_of_one_version_one_wins(
    app: Flask, controller: ResilienceController
) -> None:
    controller.set_bulkhead_config("thing", max_concurrent=1, author="ada")
    gate, won, lost = threading.Barrier(5), [], []

    def edit(number: int) -> None:
        gate.wait()
        try:
            controller.set_bulkhead_config("thing", version=1, max_concurrent=number, author="x")
        except VersionConflict as conflict:
            lost.append(conflict.current_version)
        else:
            won.append(number)

    writers = [threading.Thread(target=edit, args=(10 + n,)) for n in range(5)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    assert len(won) == 1 and lost == [2] * 4
    assert limit_of(controller) == won[0]
    history = controller.config.history(Kind.BULKHEAD, "thing")
    assert [change.version for change in history] == [2, 1]


def test_what_operators_do_to_breakers_is_in_the_audit_log(
    app: Flask, controller: ResilienceController
) -> None:
    operations = controller.operations
    operations.isolate("thing", author="ada", reason="fire", ttl=60)
    operations.reset("thing", author="ada", reason="out")
    operations.reset("thing", author="ada", reason="once more")
    with app.app_context():
        rows = db.session.execute(
            select(AuditRecord.action, AuditRecord.subject, AuditRecord.reason)
            .where(AuditRecord.action.startswith("resilience"))
            .order_by(AuditRecord.id)
        )
        assert [tuple(row) for row in rows] == [
            ("resilience.config.set", "forced_breaker:thing", "fire"),
            ("resilience.config.delete", "forced_breaker:thing", "out"),
            ("resilience.breaker.reset", "circuit_breaker:thing", "once more"),
        ]
