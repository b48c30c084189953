"""Those who may no longer read a channel are put out of its room, without a word said in it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy.exc import TimeoutError as PoolTimeout

from app.blueprints.community_socket import broadcasting
from app.extensions import cache, permissions
from app.models import Channel, User
from tests.integration.blueprints.community.test_namespace import (  # noqa: F401
    Connect,
    Socket,
    community,
    connect,
    listener,
)
from tests.support.waiting import wait_until
from tests.support.world import Community, Person, World, token_for
from yoto.errors import StoreUnavailable
from yoto.store.db import db, writing

LIMIT = 20.0  # s: far more than MAX_STALENESS and the relay's interval, for a busy machine


@pytest.fixture
def joined(connect: Connect, listener: Person, community: Community) -> Socket:  # noqa: F811
    """A socket of ``listener`` that listens to the community's channel."""
    socket = connect(listener)
    assert socket.send("join", {"channel_id": community.channel_id})["ok"]
    return socket


def is_put_out(socket: Socket, channel_id: int) -> Callable[[], bool]:
    heard: list[tuple[str, Any]] = []

    def look() -> bool:
        heard.extend(socket.heard())
        return ("removed", {"channel_id": channel_id}) in heard

    return look


def commit(change: Callable[[], object]) -> None:
    with writing():
        change()
        db.session.commit()


@pytest.mark.parametrize("by", ["overwrite", "role", "deleting"])
def test_a_lost_right_ends_listening(
    app: Flask, joined: Socket, listener: Person, community: Community, by: str  # noqa: F811
) -> None:
    with app.app_context():
        if by == "overwrite":
            permissions.set_overwrite(
                community.channel_id, user_id=listener.id, deny=["channel.read"]
            )
        elif by == "role":
            permissions.revoke_permissions_from_role(
                community.everyone_id, ["channel.read"], "server", community.id
            )
        else:
            commit(lambda: db.session.delete(db.session.get_one(Channel, community.channel_id)))
    wait_until(is_put_out(joined, community.channel_id), LIMIT)
    assert app.extensions["yoto.community"].of_channel(community.channel_id) == {}


def test_a_person_whose_rights_grow_hears_that_they_may_be_others(
    app: Flask,
    world: World,
    joined: Socket,
    listener: Person,  # noqa: F811
    community: Community,  # noqa: F811
) -> None:
    role = world.role(community, "message.pin")
    with app.app_context():
        permissions.assign(listener.id, role, at=("server", community.id))
    wait_until(lambda: ("rights", {}) in joined.heard(rights=True), LIMIT)


def test_signing_out_cuts_off_the_sockets_of_that_sign_in_alone(
    app: Flask,
    client: FlaskClient,
    connect: Connect,  # noqa: F811
    joined: Socket,
    listener: Person,  # noqa: F811
) -> None:
    other_device = connect({"token": token_for(app, listener.id, seconds=900)})
    assert client.post("/api/v1/auth/logout", headers=listener.headers).status_code == 204
    wait_until(lambda: not joined.connected, LIMIT)
    assert other_device.connected


@pytest.mark.parametrize("by", ["disabling", "another password"])
def test_all_sockets_of_an_account_whose_sign_ins_end_are_cut_off(
    app: Flask,
    connect: Connect,  # noqa: F811
    joined: Socket,
    world: World,
    listener: Person,  # noqa: F811
    by: str,
) -> None:
    bystander, other_device = connect(world.user()), connect(listener)
    with app.app_context():
        user = db.session.get_one(User, listener.id)
        if by == "disabling":
            commit(lambda: setattr(user, "disabled", True))
        else:
            commit(lambda: setattr(user, "token_epoch", user.token_epoch + 1))
    wait_until(lambda: not joined.connected and not other_device.connected, LIMIT)
    assert bystander.connected


def test_nobody_joins_by_a_sign_in_that_ended_while_no_change_was_heard(
    app: Flask,
    connect: Connect,  # noqa: F811
    listener: Person,  # noqa: F811
    community: Community,  # noqa: F811
) -> None:
    socket = connect(listener)
    cache.of(app).tailer.close()
    with app.app_context():
        commit(lambda: setattr(db.session.get_one(User, listener.id), "token_epoch", 7))
    answer = socket.send("join", {"channel_id": community.channel_id})
    assert (answer["ok"], answer["error"]["status"]) == (False, 401)


@pytest.mark.parametrize("error", [StoreUnavailable("database"), PoolTimeout()])
def test_a_sign_in_that_cannot_be_judged_now_is_judged_later(
    app: Flask,
    client: FlaskClient,
    joined: Socket,
    listener: Person,  # noqa: F811
    monkeypatch: pytest.MonkeyPatch,
    error: Exception,
) -> None:
    inner, tries = broadcasting.identity_of, []

    def failing(token: str) -> object:
        tries.append(token)
        if len(tries) == 1:
            raise error
        return inner(token)

    monkeypatch.setattr(broadcasting, "identity_of", failing)
    client.post("/api/v1/auth/logout", headers=listener.headers)
    wait_until(lambda: not joined.connected, LIMIT)
    assert len(tries) >= 2


def test_others_stay(
    app: Flask,
    connect: Connect,  # noqa: F811
    joined: Socket,
    world: World,
    listener: Person,  # noqa: F811
    community: Community,  # noqa: F811
) -> None:
    friend = connect(world.member(community))
    assert friend.send("join", {"channel_id": community.channel_id})["ok"]
    with app.app_context():
        permissions.set_overwrite(community.channel_id, user_id=listener.id, deny=["channel.read"])
    wait_until(is_put_out(joined, community.channel_id), LIMIT)
    assert friend.heard() == []
    assert len(app.extensions["yoto.community"].of_channel(community.channel_id)) == 1


def test_who_cannot_be_judged_now_is_judged_later(
    app: Flask,
    joined: Socket,
    listener: Person,  # noqa: F811
    community: Community,  # noqa: F811
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    tries: list[int] = []
    inner = permissions.batch_check_permissions

    def failing(*arguments: Any) -> Any:
        tries.append(1)
        if len(tries) == 1:
            raise StoreUnavailable("database")
        return inner(*arguments)

    monkeypatch.setattr(permissions, "batch_check_permissions", failing)
    with app.app_context():
        permissions.set_overwrite(community.channel_id, user_id=listener.id, deny=["channel.read"])
    wait_until(is_put_out(joined, community.channel_id), LIMIT)
    assert len(tries) >= 2
