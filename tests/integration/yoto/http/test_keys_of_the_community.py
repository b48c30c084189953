"""An end user's request with an Idempotency-Key is done once."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select, update
from werkzeug.test import TestResponse

from app.blueprints.messages import sending
from app.blueprints.messages.sending import Speaker
from app.models import Message
from tests.support.world import Community, Person, World, auth_header
from yoto.errors import StoreUnavailable
from yoto.store.columns import utcnow
from yoto.store.models import IDEMPOTENCY_LEASE, Device, IdempotencyKey

KEY = {"Idempotency-Key": "one"}
HELLO = {"content": "hello"}


@pytest.fixture
def community(world: World) -> Community:
    return world.server()


@pytest.fixture
def ann(world: World, community: Community) -> Person:
    return world.member(community)


def send(
    client: FlaskClient, community: Community, headers: dict[str, str], body: Any = HELLO
) -> TestResponse:
    path = f"/api/v1/channels/{community.channel_id}/messages"
    return client.post(path, json=body, headers=headers | KEY)


def messages(world: World) -> int:
    return int(world.scalar(select(func.count()).select_from(Message)))


def test_a_message_that_is_sent_again_is_answered_as_before(
    client: FlaskClient, world: World, community: Community, ann: Person
) -> None:
    first, again = (send(client, community, ann.headers) for _ in range(2))
    assert first.status_code == again.status_code == 201
    assert again.json == first.json and again.headers["Location"] == first.headers["Location"]
    assert again.headers["Idempotency-Replayed"] == "true"
    other = send(client, community, ann.headers, {"content": "bye"})
    assert other.status_code == 422 and list(other.json["errors"]) == ["Idempotency-Key"]
    assert messages(world) == 1


def test_a_key_serves_with_the_sign_in_that_it_came_with(
    app: Flask, client: FlaskClient, world: World, community: Community, ann: Person
) -> None:
    send(client, community, ann.headers)
    elsewhere = send(client, community, auth_header(app, ann.id))
    assert elsewhere.status_code == 422 and messages(world) == 1


@pytest.mark.parametrize("recorded", [True, False])
def test_what_failed_after_it_was_committed_is_not_done_again(
    client: FlaskClient,
    world: World,
    community: Community,
    ann: Person,
    monkeypatch: pytest.MonkeyPatch,
    recorded: bool,
) -> None:
    """Nobody can say that nothing was done, whether the audit log has it or not."""

    def away(*_: object) -> None:
        raise StoreUnavailable("redis")

    monkeypatch.setattr(sending, "broadcast", away)
    if not recorded:
        monkeypatch.setattr(sending, "record_audit", lambda *_, **__: None)
    assert send(client, community, ann.headers).status_code == 503
    monkeypatch.undo()
    answer = send(client, community, ann.headers)
    assert answer.status_code == 409 and answer.json["type"].endswith("idempotency-in-progress")
    assert messages(world) == 1


def test_what_failed_before_anything_was_written_may_be_sent_again(
    client: FlaskClient,
    world: World,
    community: Community,
    ann: Person,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def away(*_: object) -> None:
        raise StoreUnavailable("redis")

    monkeypatch.setattr(Speaker, "demand_voice", away)
    assert send(client, community, ann.headers).status_code == 503
    monkeypatch.undo()
    assert send(client, community, ann.headers).status_code == 201
    assert messages(world) == 1


def test_a_worker_that_was_taken_for_dead_writes_nothing_after_all(
    client: FlaskClient,
    world: World,
    community: Community,
    ann: Person,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def sleeps_too_long(speaker: Speaker) -> None:
        world.run(update(IdempotencyKey).values(created_at=utcnow() - IDEMPOTENCY_LEASE))

    monkeypatch.setattr(Speaker, "demand_voice", sleeps_too_long)
    monkeypatch.setattr(sending, "record_audit", lambda *_, **__: None)
    assert send(client, community, ann.headers).status_code == 409
    assert messages(world) == 0


def test_who_may_not_send_any_more_is_not_answered_as_before(
    client: FlaskClient, world: World, community: Community, ann: Person
) -> None:
    assert send(client, community, ann.headers).status_code == 201
    world.overwrite(channel=community.channel_id, user=ann, deny=["message.send"])
    assert send(client, community, ann.headers).status_code == 403


def test_the_secret_of_a_device_is_shown_once(
    client: FlaskClient, world: World, ann: Person
) -> None:
    first, again = (
        client.post("/api/v1/devices", json={"name": "phone"}, headers=ann.headers | KEY)
        for _ in range(2)
    )
    assert first.status_code == 201 and world.rows(select(IdempotencyKey.body)) == [(None,)]
    assert again.status_code == 409 and again.json["type"].endswith("idempotency-secret")
    assert world.scalar(select(func.count()).select_from(Device)) == 1


def test_without_a_key_nothing_is_kept(
    client: FlaskClient, world: World, community: Community, ann: Person
) -> None:
    path = f"/api/v1/channels/{community.channel_id}/messages"
    assert client.post(path, json=HELLO, headers=ann.headers).status_code == 201
    assert world.rows(select(IdempotencyKey.id)) == []
