"""Overwrites of channels and categories, and channels in sync."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, insert, select

from app.blueprints.channels.overwrites.service import TARGETS_MAX
from app.extensions import permissions
from app.models import ChannelOverwrite, Effect
from tests.support.statements import count_statements
from tests.support.world import Community, Person, World


@pytest.fixture
def community(world: World) -> Community:
    return world.server()


@pytest.fixture
def gardener(world: World, community: Community) -> Person:
    """A member of rank 5 who may set overwrites and move channels."""
    role = world.role(community, "channel.overwrite", "channel.manage", "message.pin", position=5)
    return world.member(community, None, role)


def in_channel(channel_id: int, *parts: object) -> str:
    return "/".join(("/api/v1/channels", str(channel_id), "overwrites", *map(str, parts)))


def in_category(community: Community, category_id: int, *parts: object) -> str:
    base = f"/api/v1/servers/{community.id}/categories/{category_id}/overwrites"
    return "/".join((base, *map(str, parts)))


def may(app: Flask, person: Person, name: str, channel_id: int) -> bool:
    with app.app_context():
        return permissions.check_permission(person.id, name, "channel", channel_id)


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


def test_targets_that_are_not_there_or_of_another_server_are_refused(
    client: FlaskClient, world: World, community: Community
) -> None:
    foreign = world.role(world.server())
    before = world.snapshot()
    headers = community.owner.headers
    for target, status in (
        (("role", 999_999), 404),
        (("user", 999_999), 404),
        (("role", foreign), 422),
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
                "channel_id": community.channel_id,
                "category_id": None,
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


def test_overwrites_of_a_category_count_in_the_channels_in_sync_alone(
    app: Flask, client: FlaskClient, world: World, community: Community, gardener: Person
) -> None:
    category = world.category(community)
    synced = world.channel(community, category_id=category, synced=True)
    own_way = world.channel(community, category_id=category)
    member = world.member(community)
    path = in_category(community, category, "role", community.everyone_id)
    answer = client.put(path, json={"deny": ["message.send"]}, headers=gardener.headers)
    assert answer.status_code == 200
    assert not may(app, member, "message.send", synced)
    assert may(app, member, "message.send", own_way)
    shown = client.get(in_channel(synced), headers=gardener.headers).get_json()
    assert shown["synced"] is True
    assert [found["deny"] for found in shown["items"]] == [["message.send"]]
    assert (
        client.get(in_category(community, category), headers=gardener.headers).get_json()["items"]
        == shown["items"]
    )
    assert client.delete(path, headers=community.owner.headers).status_code == 204
    assert may(app, member, "message.send", synced)


def test_setting_an_overwrite_of_a_channel_in_sync_keeps_what_was_in_force(
    app: Flask, client: FlaskClient, world: World, community: Community, gardener: Person
) -> None:
    category = world.category(community)
    world.overwrite(category=category, role=community.everyone_id, deny=["message.send"])
    channel = world.channel(community, category_id=category, synced=True)
    member, favourite = world.member(community), world.member(community)
    answer = client.put(
        in_channel(channel, "user", favourite.id),
        json={"allow": ["message.pin"]},
        headers=gardener.headers,
    )
    assert answer.status_code == 200
    assert not may(app, member, "message.send", channel)
    assert may(app, favourite, "message.pin", channel)
    shown = client.get(in_channel(channel), headers=gardener.headers).get_json()
    assert shown["synced"] is False
    assert len(shown["items"]) == 2
    # From now on the category's overwrites are not the channel's.
    client.delete(
        in_category(community, category, "role", community.everyone_id),
        headers=community.owner.headers,
    )
    assert not may(app, member, "message.send", channel)
    actions = [act.action for act in world.audit(community)]
    assert actions == ["channel.unsync", "overwrite.set", "overwrite.clear"]


def test_a_refused_overwrite_leaves_the_channel_in_sync(
    client: FlaskClient, world: World, community: Community, gardener: Person
) -> None:
    category = world.category(community)
    world.overwrite(category=category, role=community.everyone_id, deny=["message.send"])
    channel = world.channel(community, category_id=category, synced=True)
    before = world.snapshot()
    for method, body in (("PUT", {"allow": ["message.manage"]}), ("DELETE", None)):
        target = community.owner.id if method == "PUT" else gardener.id
        answer = client.open(
            in_channel(channel, "user", target),
            method=method,
            json=body,
            headers=gardener.headers,
        )
        assert answer.status_code in (403, 404)
    assert world.snapshot() == before


def test_syncing_replaces_a_channels_overwrites_by_those_of_its_category(
    app: Flask, client: FlaskClient, world: World, community: Community, gardener: Person
) -> None:
    category = world.category(community)
    channel = world.channel(community, category_id=category)
    member, guest = world.member(community), world.member(community)
    world.overwrite(channel=channel, user=guest, allow=["message.pin"])
    world.overwrite(category=category, role=community.everyone_id, deny=["message.send"])
    answer = client.post(f"/api/v1/channels/{channel}/sync", headers=gardener.headers)
    assert answer.status_code == 200
    assert answer.get_json()["synced"] is True
    assert not may(app, member, "message.send", channel)
    assert not may(app, guest, "message.pin", channel)
    own = select(func.count()).where(ChannelOverwrite.channel_id == channel)
    assert world.scalar(own) == 0
    before = world.snapshot()
    again = client.post(f"/api/v1/channels/{channel}/sync", headers=gardener.headers)
    assert again.status_code == 200
    assert world.snapshot() == before


def test_a_sync_is_judged_by_what_the_actor_had_before_it(
    app: Flask, client: FlaskClient, world: World, community: Community, gardener: Person
) -> None:
    category = world.category(community)
    channel = world.channel(community, category_id=category)
    # For everyone the category takes what it gives to one role: whoever syncs has it until then.
    role = world.role(community)
    world.overwrite(
        category=category,
        role=community.everyone_id,
        deny=["message.send"],
        allow=["message.pin"],
    )
    world.overwrite(category=category, role=role, allow=["message.send"], deny=["message.pin"])
    member = world.member(community, None, role)
    answer = client.post(f"/api/v1/channels/{channel}/sync", headers=gardener.headers)
    assert answer.status_code == 200
    assert may(app, member, "message.send", channel)
    assert not may(app, member, "message.pin", channel)
    assert not may(app, gardener, "message.send", channel)


def test_syncing_a_channel_without_a_category_is_refused(
    client: FlaskClient, world: World, community: Community, gardener: Person
) -> None:
    answer = client.post(f"/api/v1/channels/{community.channel_id}/sync", headers=gardener.headers)
    assert answer.status_code == 422
    assert list(answer.get_json()["errors"]) == ["category_id"]


@pytest.mark.parametrize("way", ["sync", "move"])
def test_a_sync_is_bound_by_the_hierarchy_like_each_overwrite_that_it_changes(
    client: FlaskClient, world: World, community: Community, gardener: Person, way: str
) -> None:
    category = world.category(community)
    channel = world.channel(community, category_id=category if way == "sync" else None)
    # A superior took something from the gardener's own role here; syncing would give it back.
    superior = world.role(community, position=7)
    world.overwrite(channel=channel, role=superior, allow=["message.manage"])
    before = world.snapshot()
    if way == "sync":
        answer = client.post(f"/api/v1/channels/{channel}/sync", headers=gardener.headers)
    else:
        answer = client.put(
            f"/api/v1/channels/{channel}/category",
            json={"category_id": category, "synced": True},
            headers=gardener.headers,
        )
    assert answer.status_code == 403
    assert answer.get_json()["reason"] == "role_too_high"
    assert world.snapshot() == before


def test_a_moved_channel_keeps_the_overwrites_in_force_unless_it_takes_the_new_ones(
    app: Flask, client: FlaskClient, world: World, community: Community, gardener: Person
) -> None:
    quiet, open_ = world.category(community), world.category(community)
    world.overwrite(category=quiet, role=community.everyone_id, deny=["message.send"])
    channel = world.channel(community, category_id=quiet, synced=True)
    member = world.member(community)
    path = f"/api/v1/channels/{channel}/category"

    moved = client.put(path, json={"category_id": open_}, headers=gardener.headers)
    assert moved.status_code == 200
    assert (moved.get_json()["category_id"], moved.get_json()["synced"]) == (open_, False)
    assert not may(app, member, "message.send", channel)

    moved = client.put(
        path, json={"category_id": open_, "synced": True}, headers=community.owner.headers
    )
    assert moved.get_json()["synced"] is True
    assert may(app, member, "message.send", channel)

    moved = client.put(path, json={"category_id": quiet, "synced": True}, headers=gardener.headers)
    assert moved.status_code == 200
    assert not may(app, member, "message.send", channel)

    moved = client.put(path, json={"category_id": None}, headers=gardener.headers)
    assert (moved.get_json()["category_id"], moved.get_json()["synced"]) == (None, False)
    assert not may(app, member, "message.send", channel)


def test_taking_a_categorys_overwrites_takes_channel_overwrite(
    client: FlaskClient, world: World, community: Community
) -> None:
    mover = world.member(community, None, world.role(community, "channel.manage"))
    category = world.category(community)
    path = f"/api/v1/channels/{community.channel_id}/category"
    before = world.snapshot()
    refused = client.put(
        path, json={"category_id": category, "synced": True}, headers=mover.headers
    )
    assert refused.status_code == 403
    assert refused.get_json()["permission"] == "channel.overwrite"
    assert world.snapshot() == before
    assert (
        client.put(path, json={"category_id": category}, headers=mover.headers).status_code == 200
    )


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "category_id"),
        ({"category_id": "1"}, "category_id"),
        ({"category_id": None, "synced": True}, "synced"),
        ({"category_id": None, "position": 1}, "position"),
    ],
)
def test_a_bad_move_moves_nothing(
    client: FlaskClient, world: World, community: Community, body: Any, field: str
) -> None:
    before = world.snapshot()
    answer = client.put(
        f"/api/v1/channels/{community.channel_id}/category",
        json=body,
        headers=community.owner.headers,
    )
    assert answer.status_code == 422
    assert list(answer.get_json()["errors"]) == [field]
    assert world.snapshot() == before
