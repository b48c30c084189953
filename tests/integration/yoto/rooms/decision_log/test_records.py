"""Decisions that are recorded, and those that are not."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import insert, select, update

from app.extensions import permissions
from app.models import Channel
from tests.support.world import Community, World
from yoto.errors import PermissionDenied, StoreUnavailable
from yoto.permission import acting_as, require_permissions
from yoto.rooms.decision_log.log import log_of, mask_hash
from yoto.rooms.decision_log.tables import DecisionRecord
from yoto.store.columns import utcnow
from yoto.store.db import db

SEND, PIN = "message.send", "message.pin"
Records = Callable[[], list[DecisionRecord]]


@pytest.fixture
def app_config(app_config: dict[str, Any]) -> dict[str, Any]:
    return app_config | {"DECISION_RECORDS": True, "DECISION_RECORD_ALLOW_SAMPLE": 0.0}


@pytest.fixture
def harbour(world: World) -> Community:
    return world.server()


@pytest.fixture
def records(app: Flask) -> Records:
    """Store what waits, and read what is stored."""

    def read() -> list[DecisionRecord]:
        log_of(app).close()
        with app.app_context():
            found = list(db.session.scalars(select(DecisionRecord).order_by(DecisionRecord.id)))
            db.session.remove()
        return found

    return read


def test_each_denial_is_recorded_with_what_it_takes_to_ask_again(
    app: Flask, world: World, harbour: Community, records: Records
) -> None:
    person = world.member(harbour)
    with app.app_context():
        permissions.decide(person.id, SEND, "channel", harbour.channel_id)
        permissions.decide(person.id, PIN, "channel", harbour.channel_id)
        mask = permissions.effective(person.id, "channel", harbour.channel_id).mask
        db.session.remove()
    [record] = records()
    assert (record.user_id, record.asked, record.operator) == (person.id, PIN, None)
    assert (record.scope, record.allowed, record.reason) == (
        f"channel:{harbour.channel_id}",
        False,
        "not_granted",
    )
    assert (record.weight, record.mask_hash) == (1, mask_hash(mask))
    assert abs(record.at - utcnow()) < timedelta(minutes=1)


def test_a_denial_by_the_shortest_way_is_recorded_too(
    app: Flask, world: World, harbour: Community, records: Records
) -> None:
    person = world.member(harbour)
    question = (person.id, PIN, "channel", harbour.channel_id)
    with app.app_context():
        for _ in range(3):
            assert not permissions.check_permission(*question)
    found = records()
    assert [record.reason for record in found] == ["not_granted"] * 3
    assert [record.tier for record in found][1:] == ["l1", "l1"]


def test_what_is_allowed_is_sampled_and_weighs_as_much_as_it_stands_for(
    app: Flask, world: World, harbour: Community, records: Records, monkeypatch: Any
) -> None:
    log = log_of(app)
    monkeypatch.setattr(log, "_settings", type(log._settings)(allow_sample=0.25))
    with app.app_context():
        for _ in range(400):
            permissions.decide(harbour.owner.id, SEND, "channel", harbour.channel_id)
    found = records()
    assert 40 < len(found) < 180
    assert {(record.allowed, record.reason, record.weight) for record in found} == {
        (True, "owner", 4)
    }


def test_requirements_of_decorators_are_recorded_with_their_operator(
    app: Flask, world: World, harbour: Community, records: Records
) -> None:
    @require_permissions([PIN, "channel.manage"], op="OR", scope="channel", scope_id="channel_id")
    def act(channel_id: int) -> None:
        raise AssertionError("denied")

    person = world.member(harbour)
    with app.app_context(), acting_as(person.id), pytest.raises(PermissionDenied):
        act(harbour.channel_id)
    [record] = records()
    assert (record.asked, record.operator) == (f"{PIN} OR channel.manage", "OR")


def test_a_request_is_recorded_with_its_id_and_its_network(
    client: FlaskClient, world: World, harbour: Community, records: Records
) -> None:
    stranger = world.user()
    answer = client.get(
        f"/api/v1/channels/{harbour.channel_id}/messages",
        headers=stranger.headers | {"X-Request-ID": "the-request"},
        environ_base={"REMOTE_ADDR": "192.0.2.77"},
    )
    assert answer.status_code == 404
    record = records()[0]
    own = answer.headers["X-Yoto-Request-ID"]
    assert (record.request_id, record.address) == (own, "192.0.2.0/24") and own != "the-request"


def test_secrets_in_the_context_are_not_recorded(
    app: Flask, world: World, harbour: Community, records: Records
) -> None:
    with app.app_context():
        context = {"token": "abc", "hour": 3}
        world.run(update(Channel).values(sensitivity=4))
        permissions.decide(harbour.owner.id, SEND, "channel", harbour.channel_id, context)
    [record] = records()
    assert record.context == {"token": "***", "hour": 3}
    assert record.reason == "clearance_too_low"


def test_questions_about_many_and_explanations_are_not_recorded(
    app: Flask, world: World, harbour: Community, records: Records
) -> None:
    person = world.member(harbour)
    question = (PIN, "channel", harbour.channel_id)
    with app.app_context():
        permissions.explain(person.id, *question)
        permissions.check_many(person.id, [question])
        permissions.batch_check_permissions([person.id], *question)
        db.session.remove()
    assert records() == []


def test_old_records_are_swept_away(app: Flask, harbour: Community, records: Records) -> None:
    row = {
        "user_id": 1,
        "asked": PIN,
        "scope": "global",
        "allowed": False,
        "reason": "not_granted",
        "weight": 1,
        "tier": "db",
        "mask_hash": "",
    }
    old, young = utcnow() - timedelta(days=31), utcnow() - timedelta(days=29)
    with app.app_context():
        db.session.execute(insert(DecisionRecord), [row | {"at": old}] * 5 + [row | {"at": young}])
        db.session.commit()
        db.session.remove()
    assert log_of(app).sweep() == (5, True)
    assert len(records()) == 1


def test_without_the_setting_nothing_is_recorded(app: Flask) -> None:
    from app import create_app

    with app.app_context():
        config = {"ENVIRONMENT": "testing", "DATABASE_URL": app.config["DATABASE_URL"]}
    assert log_of(create_app(config)) is None


def test_a_row_that_no_column_takes_costs_no_other(
    app: Flask, world: World, harbour: Community, records: Records
) -> None:
    person = world.member(harbour)
    question = (person.id, PIN, "channel", harbour.channel_id)
    writer = log_of(app).writer
    with app.app_context():
        permissions.decide(*question)
        writer.put({"user_id": person.id})  # lacks all that must not be NULL
        permissions.decide(*question)
    assert [record.asked for record in records()] == [PIN, PIN]
    assert (writer.stored, writer.dropped) == (2, 1)


def test_a_sweep_that_fails_loses_no_record_and_is_tried_again(
    app: Flask,
    world: World,
    harbour: Community,
    records: Records,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    log, sweeps = log_of(app), []

    def sweep(steps: int) -> tuple[int, bool]:
        sweeps.append(1)
        if len(sweeps) == 1:
            raise StoreUnavailable("database")
        return 0, True

    monkeypatch.setattr(log, "sweep", sweep)
    person = world.member(harbour)
    for number in (1, 2, 3):
        with app.app_context():
            permissions.decide(person.id, PIN, "channel", harbour.channel_id)
        assert len(records()) == number
    assert (log.writer.stored, log.writer.dropped, len(sweeps)) == (3, 0, 2)
    assert "were not deleted" in caplog.text
