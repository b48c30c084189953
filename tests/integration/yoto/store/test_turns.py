"""Writers of one thing take turns before they take a connection."""

from __future__ import annotations

import sqlite3
import threading
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.exc import TimeoutError as TurnTimeout

from app.models import Channel
from tests.integration.blueprints.channels.places import in_channel
from tests.support.applications import another_app
from tests.support.together import together
from tests.support.waiting import wait_until
from tests.support.world import Community, Person, World
from yoto.store import turns
from yoto.store.db import EXTENSION, db

WRITERS = 12


@pytest.fixture
def app_config(app_config: dict[str, Any]) -> dict[str, Any]:
    options = {"pool_size": 2, "max_overflow": 0, "pool_timeout": 5.0}
    return app_config | {"SQLALCHEMY_ENGINE_OPTIONS": options}


@pytest.fixture
def community(world: World) -> Community:
    return world.server()


@pytest.fixture
def writers(world: World, community: Community) -> list[Person]:
    role = world.role(community, "channel.overwrite", "message.pin", position=5)
    return [world.member(community, None, role) for _ in range(WRITERS)]


def test_a_crowd_at_one_channel_waits_without_connections(
    app: Flask, world: World, community: Community, writers: list[Person]
) -> None:
    path = in_channel(community.channel_id, "role", world.role(community, position=1))

    def write(writer: Person) -> int:
        body = {"allow": ["message.pin"]}
        return app.test_client().put(path, json=body, headers=writer.headers).status_code

    answers: list[int] = []
    crowd = threading.Thread(
        target=lambda: answers.extend(together([partial(write, one) for one in writers]))
    )
    with app.app_context():
        db.session.get(Channel, community.channel_id, with_for_update=True)
        crowd.start()
        wait_until(lambda: turns.fifo_lock.waiting == WRITERS, what="all to wait for their turn")
        assert db.engine.pool.checkedout() == 1  # type: ignore[attr-defined]
    crowd.join()
    assert answers == [200] * WRITERS
    assert len(turns.fifo_lock) == 0


def test_whoever_waits_too_long_is_told_and_the_next_gets_the_turn(
    app: Flask, community: Community, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(turns, "LOCK_SECONDS", 0.05)
    statement = select(Channel).where(Channel.id == community.channel_id).with_for_update()
    with app.app_context():
        db.session.scalar(statement)
        failed = [None]

        def late() -> None:
            with app.app_context(), pytest.raises(TurnTimeout):
                db.session.scalar(statement)
            failed.clear()

        other = threading.Thread(target=late)
        other.start()
        other.join()
        assert failed == []
        db.session.scalar(statement)  # it is its own turn still
        db.session.rollback()
        assert len(turns.fifo_lock) == 0
        db.session.scalar(statement)
    assert len(turns.fifo_lock) == 0


def test_a_turn_ends_though_no_connection_can_be_had(
    app: Flask, community: Community, monkeypatch: pytest.MonkeyPatch
) -> None:
    with app.app_context():
        monkeypatch.setattr(db.engine.pool, "_timeout", 0.01)
        taken = [db.engine.connect(), db.engine.connect()]
        with pytest.raises(TurnTimeout):
            db.session.get(Channel, community.channel_id, with_for_update=True)
        db.session.rollback()
        assert len(turns.fifo_lock) == 0
        for connection in taken:
            connection.close()


def test_a_turn_ends_though_the_connection_died_that_it_was_for(
    app: Flask,
    community: Community,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    def dead(_: Any) -> None:
        raise sqlite3.OperationalError("the connection is gone")

    with monkeypatch.context() as patched:
        with app.app_context():
            db.session.get(Channel, community.channel_id, with_for_update=True)
            patched.setattr(db.engine.dialect, "do_rollback", dead)
    (failed,) = [one for one in caplog.records if "after the request was answered" in one.message]
    assert failed.exc_info is not None and "the connection is gone" in str(failed.exc_info[1])
    assert len(turns.fifo_lock) == 0
    assert not app.extensions[EXTENSION].session.registry.registry
    with app.app_context():
        assert db.engine.pool.checkedout() == 0  # type: ignore[attr-defined]


def test_applications_that_share_sessions_listen_to_them_once(
    app: Flask, app_config: dict[str, Any], tmp_path: Path
) -> None:
    with app.app_context():
        before = len(list(db.session().dispatch.after_transaction_end))
        with another_app(app_config, tmp_path):
            assert len(list(db.session().dispatch.after_transaction_end)) == before
