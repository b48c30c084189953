"""The Socket.IO namespace of the community: who hears what."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from flask_socketio.test_client import SocketIOTestClient

from app.blueprints.community_socket.listeners import CHANNELS_MAX
from app.extensions import permissions
from tests.support.statements import count_statements
from tests.support.world import Community, Person, World, expired_header, token_for
from yoto.errors import StoreUnavailable

NAMESPACE = "/community"
Connect = Callable[[Any], "Socket"]


class Socket:
    """A connected client."""

    def __init__(self, client: SocketIOTestClient) -> None:
        self._client = client

    @property
    def connected(self) -> bool:
        return bool(self._client.is_connected(NAMESPACE))

    def send(self, event: str, *data: Any) -> Any:
        """The acknowledgement of an event."""
        return self._client.emit(event, *data, namespace=NAMESPACE, callback=True)

    def tell(self, event: str, *data: Any) -> None:
        """Send an event that asks for no acknowledgement."""
        self._client.emit(event, *data, namespace=NAMESPACE)

    def heard(self, rights: bool = False) -> list[tuple[str, Any]]:
        """Events since the last call: of channels, or only that rights may have changed."""
        return [
            (
                packet["name"],
                packet["args"] if packet["name"] == "message" else packet["args"][0],
            )
            for packet in self._client.get_received(NAMESPACE)
            if (packet["name"] == "rights") == rights
        ]

    def leave(self) -> None:
        self._client.disconnect(NAMESPACE)


@pytest.fixture
def connect(app: Flask) -> Connect:
    def open_socket(auth: Any) -> Socket:
        if isinstance(auth, Person):
            auth = {"token": auth.token}
        server = app.extensions["socketio"]
        return Socket(server.test_client(app, namespace=NAMESPACE, auth=auth))

    return open_socket


@pytest.fixture
def community(world: World) -> Community:
    return world.server()


@pytest.fixture
def listener(world: World, community: Community) -> Person:
    """A plain member."""
    return world.member(community)


def say(client: FlaskClient, person: Person, channel_id: int, content: str = "Ahoy") -> Any:
    answer = client.post(
        f"/api/v1/channels/{channel_id}/messages",
        json={"content": content},
        headers=person.headers,
    )
    assert answer.status_code == 201
    return answer.get_json()


def test_who_joined_a_channel_hears_its_messages_as_the_api_gives_them(
    client: FlaskClient, world: World, connect: Connect, community: Community, listener: Person
) -> None:
    socket = connect(listener)
    assert socket.send("join", {"channel_id": community.channel_id}) == {
        "ok": True,
        "channel_id": community.channel_id,
    }
    sent = say(client, community.owner, community.channel_id)
    assert socket.heard() == [("message", sent)]
    path = f"/api/v1/channels/{community.channel_id}/messages/{sent['id']}"
    edited = client.patch(
        path, json={"content": "Ahoy!"}, headers=community.owner.headers
    ).get_json()
    client.delete(path, headers=community.owner.headers)
    assert socket.heard() == [
        ("message_edited", edited),
        ("message_deleted", {"id": sent["id"], "channel_id": community.channel_id}),
    ]


def test_other_channels_and_channels_left_are_silent(
    client: FlaskClient, world: World, connect: Connect, community: Community, listener: Person
) -> None:
    other = world.channel(community)
    socket = connect(listener)
    socket.send("join", {"channel_id": community.channel_id})
    say(client, community.owner, other)
    assert socket.heard() == []
    assert socket.send("leave", {"channel_id": community.channel_id})["ok"] is True
    say(client, community.owner, community.channel_id)
    assert socket.heard() == []


def test_joining_takes_channel_read(
    client: FlaskClient, world: World, connect: Connect, community: Community, listener: Person
) -> None:
    secret = world.channel(community)
    world.overwrite(channel=secret, role=community.everyone_id, deny=["channel.read"])
    stranger = world.user()
    for person in (listener, stranger):
        socket = connect(person)
        answer = socket.send("join", {"channel_id": secret})
        assert answer["ok"] is False
        # As for a channel that is not there.
        assert answer["error"]["status"] == 404
        assert answer["error"]["errors"] == {"channel_id": [f"no channel {secret}"]}
        say(client, community.owner, secret)
        assert socket.heard() == []


def test_a_channel_that_is_not_there_is_404(connect: Connect, listener: Person) -> None:
    answer = connect(listener).send("join", {"channel_id": 999_999})
    assert (answer["ok"], answer["error"]["status"]) == (False, 404)


@pytest.mark.parametrize("event", ["join", "leave"])
@pytest.mark.parametrize(
    "data",
    [
        (),
        (None,),
        ("3",),
        ([3],),
        ({},),
        ({"channel_id": "3"},),
        ({"channel_id": True},),
        ({"channel_id": 1.0},),
        ({"channel_id": 0},),
        ({"channel_id": -1},),
        ({"channel_id": 2**63},),
        ({"channel_id": None},),
        ({"channel_id": [1]},),
        ({"channel_id": 1, "user_id": 2},),
        ({"channel_id": 1}, {"channel_id": 2}),
    ],
)
def test_malformed_events_are_answered_with_a_problem(
    connect: Connect, listener: Person, event: str, data: tuple[Any, ...]
) -> None:
    answer = connect(listener).send(event, *data)
    assert answer["ok"] is False
    assert answer["error"]["status"] == 422
    assert answer["error"]["type"] == "urn:yoto:problem:validation-failed"


def test_connecting_takes_a_valid_access_token_of_an_account_that_may_act(
    app: Flask, world: World, connect: Connect
) -> None:
    alice = world.user()
    expired = expired_header(app, alice.id)["Authorization"].removeprefix("Bearer ")
    disabled = world.user(disabled=True)
    refused: list[Any] = [
        None,
        {},
        "token",
        {"token": None},
        {"token": 3},
        {"token": ""},
        {"token": "a.b.c"},
        {"token": alice.token + "x"},
        {"token": expired},
        {"token": disabled.token},
    ]
    for auth in refused:
        assert connect(auth).connected is False, auth
    assert connect(alice).connected is True


def test_who_loses_the_right_to_read_hears_nothing_more(
    client: FlaskClient, world: World, connect: Connect, community: Community, listener: Person
) -> None:
    stays = world.member(community)
    leaver, other = connect(listener), connect(stays)
    for socket in (leaver, other):
        socket.send("join", {"channel_id": community.channel_id})
    client.post(f"/api/v1/servers/{community.id}/leave", headers=listener.headers)
    say(client, community.owner, community.channel_id)
    assert leaver.heard() == [("removed", {"channel_id": community.channel_id})]
    assert len(other.heard()) == 1
    world.member(community, listener)
    say(client, community.owner, community.channel_id)
    assert leaver.heard() == []  # one has to join again


def test_a_socket_is_worth_no_more_than_the_token_it_came_with(
    app: Flask, client: FlaskClient, connect: Connect, community: Community, listener: Person
) -> None:
    # The library cuts the moment of expiry to a whole second, so two make at least one.
    brief = {"token": token_for(app, listener.id, seconds=2)}
    made = time.time()
    socket, late, lasting = connect(brief), connect(brief), connect(listener)
    for early in (socket, lasting):
        early.send("join", {"channel_id": community.channel_id})
    say(client, community.owner, community.channel_id)
    assert len(socket.heard()) == len(lasting.heard()) == 1
    while time.time() < made + 2:
        time.sleep(0.02)
    refused = late.send("join", {"channel_id": community.channel_id})
    assert (refused["ok"], refused["error"]["status"]) == (False, 401)
    say(client, community.owner, community.channel_id)
    assert not socket.connected
    assert len(lasting.heard()) == 1


def test_an_event_called_disconnect_does_not_keep_somebody_listening_unchecked(
    client: FlaskClient, world: World, connect: Connect, community: Community, listener: Person
) -> None:
    sly, other = connect(listener), connect(world.member(community))
    for socket in (sly, other):
        socket.send("join", {"channel_id": community.channel_id})
    sly.tell("disconnect", "transport close")
    world.overwrite(channel=community.channel_id, user=listener, deny=["channel.read"])
    say(client, community.owner, community.channel_id)
    assert sly.heard() == []
    assert len(other.heard()) == 1


def test_an_event_called_connect_changes_nobody_into_somebody_else(
    client: FlaskClient, world: World, connect: Connect, community: Community
) -> None:
    stranger, member = world.user(), world.member(community)
    socket = connect(stranger)
    socket.tell("connect", {}, {"token": member.token})
    assert socket.send("join", {"channel_id": community.channel_id})["ok"] is False


def test_all_sockets_of_one_person_hear_and_a_closed_one_is_forgotten(
    app: Flask, client: FlaskClient, connect: Connect, community: Community, listener: Person
) -> None:
    page, phone = connect(listener), connect(listener)
    for socket in (page, phone):
        socket.send("join", {"channel_id": community.channel_id})
        socket.send("join", {"channel_id": community.channel_id})
    say(client, community.owner, community.channel_id)
    assert len(page.heard()) == len(phone.heard()) == 1
    page.leave()
    phone.leave()
    assert app.extensions["yoto.community"].of_channel(community.channel_id) == {}


def test_one_socket_listens_to_a_bounded_number_of_channels(
    world: World, connect: Connect, community: Community, listener: Person
) -> None:
    socket = connect(listener)
    for number in range(CHANNELS_MAX):
        channel = world.channel(community, f"channel-{number}")
        assert socket.send("join", {"channel_id": channel})["ok"] is True
    answer = socket.send("join", {"channel_id": community.channel_id})
    assert (answer["ok"], answer["error"]["status"]) == (False, 422)
    assert socket.send("leave", {"channel_id": channel})["ok"] is True
    assert socket.send("join", {"channel_id": community.channel_id})["ok"] is True


def test_listeners_cost_a_message_the_same_statements_however_many_they_are(
    app: Flask, client: FlaskClient, world: World, connect: Connect, community: Community
) -> None:
    def statements() -> int:
        with count_statements(app) as counted:
            say(client, community.owner, community.channel_id)
        return len(counted)

    statements()
    unheard = statements()
    for _ in range(3):
        connect(world.member(community)).send("join", {"channel_id": community.channel_id})
    for_three = statements()
    for _ in range(12):
        connect(world.member(community)).send("join", {"channel_id": community.channel_id})
    assert statements() == for_three
    assert for_three - unheard <= 4


def test_when_nobody_can_say_who_may_read_nobody_hears_and_the_message_is_kept(
    client: FlaskClient,
    connect: Connect,
    community: Community,
    listener: Person,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    def fail(*args: Any) -> Any:
        raise StoreUnavailable("database")

    socket = connect(listener)
    socket.send("join", {"channel_id": community.channel_id})
    with monkeypatch.context() as patch:
        patch.setattr(type(permissions), "batch_check_permissions", fail)
        say(client, community.owner, community.channel_id)
    assert socket.heard() == []
    assert "was not sent" in caplog.text
    say(client, community.owner, community.channel_id)
    assert len(socket.heard()) == 1
