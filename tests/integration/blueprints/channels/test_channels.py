"""Making, listing, changing and deleting channels."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, insert, select

from app.blueprints.channels.channels import CHANNELS_MAX
from app.models import Channel, Message
from tests.support.statements import count_statements
from tests.support.world import Community, Person, World


@pytest.fixture
def builder(world: World, community: Community) -> Person:
    """A member who may manage channels."""
    return world.member(community, None, world.role(community, "channel.manage"))


def channels_of(community: Community) -> str:
    return f"/api/v1/servers/{community.id}/channels"


def listed(client: FlaskClient, community: Community, person: Person) -> list[int]:
    page = client.get(channels_of(community), headers=person.headers)
    assert page.status_code == 200
    return [channel["id"] for channel in page.get_json()["items"]]


def test_a_made_channel_is_listed_and_read(
    client: FlaskClient, world: World, community: Community, builder: Person
) -> None:
    made = client.post(
        channels_of(community),
        json={"name": " News ", "kind": "announcement", "topic": "What is new", "position": 3},
        headers=builder.headers,
    )
    assert made.status_code == 201
    channel = made.get_json()
    assert channel == {
        "id": channel["id"],
        "server_id": community.id,
        "category_id": None,
        "name": "News",
        "kind": "announcement",
        "topic": "What is new",
        "position": 3,
        "synced": False,
        "external_id": None,
    }
    assert client.get(made.headers["Location"], headers=builder.headers).get_json() == channel
    assert listed(client, community, builder) == [community.channel_id, channel["id"]]
    (act,) = world.audit(community)
    assert (act.action, act.subject) == ("channel.create", f"channel:{channel['id']}")


def test_a_channel_in_a_category_is_in_sync_unless_it_says_otherwise(
    client: FlaskClient, world: World, community: Community, builder: Person
) -> None:
    category = world.category(community)
    for extra, synced in (({}, True), ({"synced": False}, False), ({"synced": True}, True)):
        made = client.post(
            channels_of(community),
            json={"name": "x", "category_id": category, **extra},
            headers=builder.headers,
        ).get_json()
        assert (made["category_id"], made["synced"]) == (category, synced)


def test_a_channel_made_in_a_private_category_is_private(
    client: FlaskClient, world: World, community: Community
) -> None:
    category = world.category(community)
    world.overwrite(category=category, role=community.everyone_id, deny=["channel.read"])
    made = client.post(
        channels_of(community),
        json={"name": "staff", "category_id": category},
        headers=community.owner.headers,
    ).get_json()
    member = world.member(community)
    assert client.get(f"/api/v1/channels/{made['id']}", headers=member.headers).status_code == 404


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "name"),
        ({"name": ""}, "name"),
        ({"name": "x" * 10_000}, "name"),
        ({"name": "x", "kind": "voice"}, "kind"),
        ({"name": "x", "kind": 1}, "kind"),
        ({"name": "x", "topic": "x" * 501}, "topic"),
        ({"name": "x", "position": -1}, "position"),
        ({"name": "x", "position": 1.5}, "position"),
        ({"name": "x", "position": "1"}, "position"),
        ({"name": "x", "position": 10**30}, "position"),
        ({"name": "x", "category_id": 0}, "category_id"),
        ({"name": "x", "category_id": 999_999}, "category_id"),
        ({"name": "x", "synced": True}, "synced"),
        ({"name": "x", "synced": "no"}, "synced"),
        ({"name": "x", "server_id": 1}, "server_id"),
    ],
)
def test_a_channel_is_not_made_from_bad_input(
    client: FlaskClient,
    world: World,
    community: Community,
    builder: Person,
    body: Any,
    field: str,
) -> None:
    before = world.snapshot()
    answer = client.post(channels_of(community), json=body, headers=builder.headers)
    assert answer.status_code == 422
    assert list(answer.get_json()["errors"]) == [field]
    assert world.snapshot() == before


def test_a_category_of_another_server_is_none(
    client: FlaskClient, world: World, community: Community, builder: Person
) -> None:
    foreign = world.category(world.server())
    before = world.snapshot()
    for method, path, body in (
        ("POST", channels_of(community), {"name": "x", "category_id": foreign}),
        (
            "PUT",
            f"/api/v1/channels/{community.channel_id}/category",
            {"category_id": foreign},
        ),
    ):
        answer = client.open(path, method=method, json=body, headers=builder.headers)
        assert answer.status_code == 422
        assert list(answer.get_json()["errors"]) == ["category_id"]
    assert world.snapshot() == before


def test_a_server_holds_a_bounded_number_of_channels(
    client: FlaskClient, world: World, community: Community
) -> None:
    world.run(
        insert(Channel),
        [{"server_id": community.id, "name": f"c{n}"} for n in range(CHANNELS_MAX - 1)],
    )
    answer = client.post(
        channels_of(community), json={"name": "x"}, headers=community.owner.headers
    )
    assert answer.status_code == 409
    assert len(listed(client, community, community.owner)) == CHANNELS_MAX


def test_a_list_holds_the_channels_that_one_may_read_in_their_order(
    client: FlaskClient, world: World, community: Community
) -> None:
    last = world.channel(community, position=9)
    secret = world.channel(community, position=5)
    first = world.channel(community, position=1)
    world.overwrite(channel=secret, role=community.everyone_id, deny=["channel.read"])
    member, insider = world.member(community), world.member(community)
    world.overwrite(channel=secret, user=insider, allow=["channel.read"])
    assert listed(client, community, member) == [community.channel_id, first, last]
    assert listed(client, community, insider) == [community.channel_id, first, secret, last]
    assert listed(client, community, community.owner) == [
        community.channel_id,
        first,
        secret,
        last,
    ]


def test_strangers_get_no_list_and_members_who_may_read_nothing_an_empty_one(
    client: FlaskClient, world: World, community: Community
) -> None:
    member, stranger, banned = world.member(community), world.user(), world.user()
    world.ban(community, banned)
    world.overwrite(channel=community.channel_id, role=community.everyone_id, deny=["channel.read"])
    assert listed(client, community, member) == []
    for person in (stranger, banned):
        for path in ("channels", "categories", "messages/search?q=x"):
            answer = client.get(f"/api/v1/servers/{community.id}/{path}", headers=person.headers)
            assert answer.status_code == 404
            assert (
                client.get(f"/api/v1/servers/999999/{path}", headers=person.headers).status_code
                == 404
            )


def test_a_list_takes_the_same_statements_for_3_channels_as_for_30(
    app: Flask, client: FlaskClient, world: World, community: Community
) -> None:
    member = world.member(community)

    def statements(path: str) -> int:
        with count_statements(app) as counted:
            answer = client.get(f"/api/v1/servers/{community.id}/{path}", headers=member.headers)
        assert answer.status_code == 200
        return len(counted)

    def grow(number: int) -> None:
        for _ in range(number):
            category = world.category(community)
            world.overwrite(category=category, role=community.everyone_id, deny=["message.send"])
            channel = world.channel(community, category_id=category, synced=True)
            world.message(channel, world.member(community), "fish")

    paths = ("channels", "categories", "messages/search?q=fish")
    grow(3)
    for path in paths:
        statements(path)
    few = [statements(path) for path in paths]
    grow(27)
    assert [statements(path) for path in paths] == few
    assert max(few) <= 9


def test_changing_takes_channel_manage_in_the_channel_itself(
    client: FlaskClient, world: World, community: Community
) -> None:
    member = world.member(community)
    mine = world.channel(community)
    world.overwrite(channel=mine, user=member, allow=["channel.manage"])
    changed = client.patch(
        f"/api/v1/channels/{mine}",
        json={"name": "Mine", "topic": "Yes", "position": 4, "kind": "announcement"},
        headers=member.headers,
    )
    assert changed.status_code == 200
    assert changed.get_json()["name"] == "Mine"
    before = world.snapshot()
    other = f"/api/v1/channels/{community.channel_id}"
    assert client.patch(other, json={"name": "x"}, headers=member.headers).status_code == 403
    assert client.delete(other, headers=member.headers).status_code == 403
    made = client.post(channels_of(community), json={"name": "x"}, headers=member.headers)
    assert made.status_code == 403
    assert world.snapshot() == before


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"name": ""}, "name"),
        ({"name": None}, "name"),
        ({"kind": None}, "kind"),
        ({"position": 10_001}, "position"),
        ({"category_id": 1}, "category_id"),
        ({"synced": True}, "synced"),
    ],
)
def test_a_bad_change_changes_nothing(
    client: FlaskClient,
    world: World,
    community: Community,
    builder: Person,
    body: Any,
    field: str,
) -> None:
    before = world.snapshot()
    answer = client.patch(
        f"/api/v1/channels/{community.channel_id}", json=body, headers=builder.headers
    )
    assert answer.status_code == 422
    assert list(answer.get_json()["errors"]) == [field]
    assert world.snapshot() == before


def test_a_deleted_channel_takes_its_messages_with_it(
    client: FlaskClient, world: World, community: Community, builder: Person
) -> None:
    world.message(community.channel_id, builder)
    world.overwrite(channel=community.channel_id, user=builder, allow=["message.pin"])
    path = f"/api/v1/channels/{community.channel_id}"
    assert client.delete(path, headers=builder.headers).status_code == 204
    assert client.get(path, headers=builder.headers).status_code == 404
    assert world.scalar(select(func.count()).select_from(Message)) == 0
    (act,) = world.audit(community)
    assert (act.action, act.before) == ("channel.delete", {"name": "general", "kind": "text"})


def test_channels_of_other_servers_are_out_of_reach(
    client: FlaskClient, world: World, community: Community
) -> None:
    stranger = world.server().owner
    path = f"/api/v1/channels/{community.channel_id}"
    before = world.snapshot()
    for method, tail, body in (
        ("GET", "", None),
        ("PATCH", "", {"name": "x"}),
        ("DELETE", "", None),
        ("PUT", "/category", {"category_id": None}),
        ("POST", "/sync", None),
        ("GET", "/overwrites", None),
    ):
        answer = client.open(path + tail, method=method, json=body, headers=stranger.headers)
        assert answer.status_code == 404, (method, tail)
        gone = client.open(
            f"/api/v1/channels/999999{tail}", method=method, json=body, headers=stranger.headers
        )
        assert gone.status_code == 404, (method, tail)
    assert world.snapshot() == before


def test_a_server_is_searched_in_the_channels_whose_history_one_may_read(
    client: FlaskClient, world: World, community: Community
) -> None:
    member = world.member(community)
    open_, secret, mute = (world.channel(community) for _ in range(3))
    world.overwrite(channel=secret, role=community.everyone_id, deny=["channel.read"])
    world.overwrite(channel=mute, role=community.everyone_id, deny=["message.read_history"])
    hits = [
        world.message(channel, community.owner, "fish soup")
        for channel in (community.channel_id, secret, open_, mute)
    ]
    world.message(world.server(member).channel_id, member, "fish of another server")

    def found(person: Person) -> list[int]:
        page = client.get(
            f"/api/v1/servers/{community.id}/messages/search?q=fish", headers=person.headers
        ).get_json()
        return [message["id"] for message in page["items"]]

    assert found(member) == [hits[2], hits[0]]
    assert found(community.owner) == hits[::-1]
