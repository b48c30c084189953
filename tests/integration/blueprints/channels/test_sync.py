"""Channels in sync with their category: staying so, going their own way, and coming back."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select

from tests.integration.blueprints.channels.places import in_category, in_channel, may
from tests.support.world import Community, Person, World
from yoto.store.models import ChannelOverwrite


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
    # The category takes from everyone what it gives to one role: the actor has it until then.
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
