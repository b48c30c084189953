"""Overwrites of channels and categories."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import insert

from app.blueprints.channels.overwrites import TARGETS_MAX
from tests.integration.blueprints.channels.places import in_category, in_channel, may
from tests.support.statements import count_statements
from tests.support.world import Community, Person, World
from yoto.store.models import ChannelOverwrite, Effect


def test_an_overwrite_of_a_role_counts_for_its_holders_until_it_is_cleared(
    app: Flask, client: FlaskClient, world: World, community: Community, gardener: Person
) -> None:
    role = world.role(community)
    holder, other = world.member(community, None, role), world.member(community)
    path = in_channel(community.channel_id, "role", role)
    answer = client.put(
        path,
        json={"allow": ["message.pin"], "deny": ["message.send"]},
        headers=gardener.headers,
    )
    assert answer.status_code == 200
    overwrite = answer.get_json()
    assert overwrite == {
        "target_type": "role",
        "target_id": role,
        "allow": ["message.pin"],
        "deny": ["message.send"],
    }
    listed = client.get(in_channel(community.channel_id), headers=gardener.headers).get_json()
    assert listed == {"synced": False, "items": [overwrite]}
    assert may(app, holder, "message.pin", community.channel_id)
    assert not may(app, holder, "message.send", community.channel_id)
    assert may(app, other, "message.send", community.channel_id)
    assert client.delete(path, headers=gardener.headers).status_code == 204
    assert may(app, holder, "message.send", community.channel_id)
    assert client.delete(path, headers=gardener.headers).status_code == 404


def test_an_overwrite_of_a_user_is_replaced_as_a_whole(
    app: Flask, client: FlaskClient, world: World, community: Community, gardener: Person
) -> None:
    member = world.member(community)
    path = in_channel(community.channel_id, "user", member.id)
    client.put(path, json={"deny": ["message.send"]}, headers=gardener.headers)
    answer = client.put(path, json={"deny": ["message.read_history"]}, headers=gardener.headers)
    assert answer.get_json()["deny"] == ["message.read_history"]
    assert may(app, member, "message.send", community.channel_id)
    assert not may(app, member, "message.read_history", community.channel_id)


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"allow": ["message.fly"]}, "allow"),
        ({"allow": ["message.send"], "deny": ["message.send"]}, "deny"),
        ({"deny": ["platform.admin"]}, "deny"),
        ({"allow": "message.send"}, "allow"),
        ({"allow": [1]}, "allow.0"),
        ({"allow": ["x" * 10_000]}, "allow.0"),
        ({"allow": ["not a name"]}, "allow"),
        ({"effect": "allow"}, "effect"),
    ],
)
def test_a_bad_overwrite_changes_nothing(
    client: FlaskClient, world: World, community: Community, body: Any, field: str
) -> None:
    category = world.category(community)
    world.overwrite(category=category, role=community.everyone_id, deny=["message.pin"])
    synced = world.channel(community, category_id=category, synced=True)
    before = world.snapshot()
    for path in (
        in_channel(synced, "role", community.everyone_id),
        in_category(community, category, "role", community.everyone_id),
    ):
        answer = client.put(path, json=body, headers=community.owner.headers)
        assert answer.status_code == 422
        assert list(answer.get_json()["errors"]) == [field]
    assert world.snapshot() == before


def test_overwrites_take_channel_overwrite_in_the_place(
    client: FlaskClient, world: World, community: Community
) -> None:
    member = world.member(community)
    category = world.category(community)
    mine = world.channel(community)
    world.overwrite(channel=mine, user=member, allow=["channel.overwrite"])
    before = world.snapshot()
    for base in (in_channel(community.channel_id), in_category(community, category)):
        target = f"{base}/role/{community.everyone_id}"
        assert client.get(base, headers=member.headers).status_code == 403
        assert client.put(target, json={}, headers=member.headers).status_code == 403
        assert client.delete(target, headers=member.headers).status_code == 403
    assert world.snapshot() == before
    assert client.get(in_channel(mine), headers=member.headers).status_code == 200


def test_nobody_overwrites_roles_and_users_at_or_above_their_own_rank(
    client: FlaskClient, world: World, community: Community, gardener: Person
) -> None:
    equal, lower = world.role(community, position=5), world.role(community, position=4)
    peer = world.member(community, None, equal)
    before = world.snapshot()
    for target in (("role", equal), ("user", peer.id), ("user", community.owner.id)):
        answer = client.put(
            in_channel(community.channel_id, *target),
            json={"deny": ["message.send"]},
            headers=gardener.headers,
        )
        assert answer.status_code == 403
        assert answer.get_json()["reason"] == "role_too_high"
    assert world.snapshot() == before
    allowed = client.put(
        in_channel(community.channel_id, "role", lower),
        json={"deny": ["message.send"]},
        headers=gardener.headers,
    )
    assert allowed.status_code == 200


def test_nobody_gives_by_an_overwrite_what_they_lack(
    client: FlaskClient, world: World, community: Community, gardener: Person
) -> None:
    role = world.role(community)
    world.overwrite(channel=community.channel_id, role=role, deny=["message.manage"])
    before = world.snapshot()
    path = in_channel(community.channel_id, "role", role)
    given = client.put(path, json={"allow": ["message.manage"]}, headers=gardener.headers)
    assert given.status_code == 403
    assert given.get_json()["reason"] == "lacks_permission"
    assert client.delete(path, headers=gardener.headers).status_code == 403
    assert world.snapshot() == before


def test_targets_that_are_not_there_or_hidden_in_another_server_are_not_found(
    client: FlaskClient, world: World, community: Community
) -> None:
    foreign = world.role(world.server())
    before = world.snapshot()
    headers = community.owner.headers
    for target, status in (
        (("role", 999_999), 404),
        (("user", 999_999), 404),
        (("role", foreign), 404),
        (("group", 1), 404),
        (("role", 2**63), 404),
    ):
        path = in_channel(community.channel_id, *target)
        answer = client.put(path, json={"deny": ["message.send"]}, headers=headers)
        assert answer.status_code == status, target
    assert world.snapshot() == before


def test_a_place_has_overwrites_for_a_bounded_number_of_targets(
    client: FlaskClient, world: World, community: Community
) -> None:
    send = world.permission_id("message.send")
    world.run(
        insert(ChannelOverwrite),
        [
            {
                "place": f"channel:{community.channel_id}",
                "role_id": None,
                "user_id": user_id,
                "permission_id": send,
                "effect": Effect.DENY,
            }
            for user_id in world.members(community, TARGETS_MAX)
        ],
    )
    path = in_channel(community.channel_id, "role", community.everyone_id)
    headers = community.owner.headers
    assert client.put(path, json={"deny": ["message.pin"]}, headers=headers).status_code == 409
    assert (
        len(client.get(in_channel(community.channel_id), headers=headers).get_json()["items"])
        == TARGETS_MAX
    )


def test_a_list_takes_the_same_statements_for_3_targets_as_for_30(
    app: Flask, client: FlaskClient, world: World, community: Community
) -> None:
    def grow(number: int) -> None:
        for _ in range(number):
            role = world.role(community)
            world.overwrite(
                channel=community.channel_id, role=role, allow=["message.pin", "message.send"]
            )

    def statements() -> int:
        with count_statements(app) as counted:
            client.get(in_channel(community.channel_id), headers=community.owner.headers)
        return len(counted)

    grow(3)
    statements()
    few = statements()
    grow(27)
    assert statements() == few <= 5
