"""Rows that have ended by themselves do not stay for ever."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import NoReturn

import pytest
from flask import Flask
from sqlalchemy import delete, select

from app.extensions import permissions
from app.models import Channel, User
from tests.support.waiting import wait_until
from tests.support.world import World
from yoto import sweeping
from yoto.errors import StoreUnavailable
from yoto.rooms.access_requests.model import AccessRequest
from yoto.store.columns import utcnow
from yoto.store.db import db, writing
from yoto.store.models import (
    IDEMPOTENCY_KEPT,
    ApiToken,
    IdempotencyKey,
    OutboxEvent,
    RevokedToken,
    RoleAssignment,
)
from yoto.sweeping import sweeper_of

SOON = timedelta(minutes=1)
REQUESTS_KEPT = timedelta(days=90)


def add_rows(world: World) -> None:
    """Two rows of each table that have ended, and one that has not."""
    person = world.user()
    now = utcnow()
    for number, ends in enumerate((now - SOON, now - 2 * SOON, now + SOON)):
        world.add(
            RevokedToken(
                token_key=f"key{number}", user_id=person.id, reason="logout", expires_at=ends
            )
        )
        world.add(
            IdempotencyKey(
                user_id=person.id,
                idempotency_key=f"key{number}",
                fingerprint="",
                created_at=ends - IDEMPOTENCY_KEPT,
            )
        )
        world.add(a_request(f"key{number}", "refused", ended_at=ends - REQUESTS_KEPT))
        world.add(
            ApiToken(
                user_id=person.id,
                name=f"key{number}",
                token_hash=f"key{number}",
                rights=[],
                epoch=0,
                expires_at=ends - sweeping.TOKENS_KEPT,
            )
        )


def a_request(permission: str, state: str, ended_at: datetime | None) -> AccessRequest:
    return AccessRequest(
        user_id=1,
        permission=permission,
        place="server:1",
        reason="",
        seconds=60,
        needed=1,
        state=state,
        approvals=[],
        created_at=utcnow() - 2 * REQUESTS_KEPT,
        ended_at=ended_at,
    )


def test_what_has_ended_is_deleted_and_nothing_else(app: Flask, world: World) -> None:
    add_rows(world)
    world.add(a_request("long lent", "granted", ended_at=None))
    assert sweeper_of(app).sweep() == 8
    assert world.rows(select(ApiToken.name)) == [("key2",)]
    assert world.rows(select(RevokedToken.token_key)) == [("key2",)]
    assert world.rows(select(IdempotencyKey.idempotency_key)) == [("key2",)]
    assert world.rows(select(AccessRequest.permission)) == [("key2",), ("long lent",)]


def test_a_database_that_is_away_is_said_once_and_tried_again_later(
    app: Flask, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    sweeper = sweeper_of(app)

    def away(*given: object) -> NoReturn:
        raise StoreUnavailable("database")

    with monkeypatch.context() as faulty:
        faulty.setattr(sweeping, "_ended", away)
        assert [sweeper.turn() for _ in range(3)] == [sweeping.AGAIN] * 3
    said = [one for one in caplog.records if one.name == sweeping.__name__]
    assert len(said) == 1 and said[0].exc_info is None
    assert sweeper.turn() == sweeping.EVERY


def test_it_deletes_in_slices_and_by_itself(
    app: Flask, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sweeping, "SLICE", 1)
    add_rows(world)
    sweeper_of(app).start()
    wait_until(lambda: len(world.rows(select(IdempotencyKey.id))) == 1)
    assert len(world.rows(select(RevokedToken.id))) == 1


def test_one_worker_of_all_sweeps_and_another_when_it_ends(
    app: Flask, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sweeping, "AGAIN", 0.05)
    done: list[int] = []
    workers = [sweeping.Sweeper(app) for _ in range(2)]
    for number, worker in enumerate(workers):
        monkeypatch.setattr(worker, "sweep", lambda number=number: done.append(number))
    try:
        for worker in workers:
            worker.start()
            wait_until(lambda: done == [0])
        workers[0].close()
        wait_until(lambda: done == [0, 1])
    finally:
        for worker in workers:
            worker.close()


def test_what_is_given_at_nothing_and_to_nobody_is_forgotten_the_second_time(
    app: Flask, world: World
) -> None:
    community, keeper, gone = world.server(), world.user(), world.user()
    left = world.channel(community)
    role = world.role(None, "platform.view")
    with app.app_context(), writing():
        for one in (keeper, gone):
            permissions.assign(one.id, role)
            for channel in (community.channel_id, left):
                permissions.assign(one.id, role, at=("channel", channel))
        # Past the session, as foreign keys do it.
        connection = db.session.connection()
        connection.execute(delete(Channel).where(Channel.id == left))
        connection.execute(delete(User).where(User.id == gone.id))
        db.session.commit()

    held = select(RoleAssignment.user_id, RoleAssignment.node).order_by(RoleAssignment.node)
    sweeper_of(app).sweep()
    assert len(world.rows(held)) == 6
    before = set(world.rows(select(OutboxEvent.id)))
    sweeper_of(app).sweep()
    kept = [(keeper.id, ""), (keeper.id, f"channel:{community.channel_id}")]
    assert world.rows(held) == kept
    told = world.rows(select(OutboxEvent.subject).where(OutboxEvent.id > max(before)[0]))
    assert sorted(told) == [(f"channel:{left}",), (f"user:{gone.id}",)]
    sweeper_of(app).sweep()
    assert world.rows(held) == kept


def test_what_is_back_the_second_time_keeps_what_is_given_at_it(app: Flask, world: World) -> None:
    community, person = world.server(), world.user()
    left, role = world.channel(community), world.role(None, "platform.view")
    with app.app_context(), writing():
        permissions.assign(person.id, role, at=("channel", left))
        stored = db.session.execute(select(Channel.__table__).where(Channel.id == left)).one()
        db.session.connection().execute(delete(Channel).where(Channel.id == left))
        db.session.commit()
    sweeper_of(app).sweep()
    with app.app_context(), writing():
        db.session.connection().execute(Channel.__table__.insert(), stored._asdict())
        db.session.commit()
    for _ in range(2):
        sweeper_of(app).sweep()
    assert world.rows(select(RoleAssignment.node)) == [(f"channel:{left}",)]
