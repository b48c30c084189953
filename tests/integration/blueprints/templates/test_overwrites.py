"""Overwrites from permission templates."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from tests.integration.blueprints.channels.places import in_category, in_channel, may
from tests.support.world import Community, Person, World

READ_ONLY = {"level": "reader", "deny_beyond": True}


@pytest.mark.parametrize("kind", ["role", "user"])
def test_a_level_can_be_all_that_somebody_may_do_in_a_channel(
    app: Flask, client: FlaskClient, world: World, community: Community, kind: str
) -> None:
    role = world.role(community, "message.manage")
    holder = world.member(community, None, role)
    target = {"role": role, "user": holder.id}[kind]
    path = in_channel(community.channel_id, kind, target, "templates", "message")
    assert may(app, holder, "message.manage", community.channel_id)
    answer = client.put(path, json=READ_ONLY, headers=community.owner.headers)
    assert (answer.status_code, answer.get_json()) == (
        200,
        {
            "target_type": kind,
            "target_id": target,
            "allow": ["channel.read", "message.read_history"],
            "deny": ["message.manage", "message.pin", "message.send"],
        },
    )
    assert may(app, holder, "message.read_history", community.channel_id)
    assert not may(app, holder, "message.manage", community.channel_id)
    listed = client.get(in_channel(community.channel_id), headers=community.owner.headers)
    assert listed.get_json()["items"] == [answer.get_json()]


def test_in_a_category_it_counts_in_the_channels_in_sync(
    app: Flask, client: FlaskClient, world: World, community: Community
) -> None:
    category = world.category(community)
    channel = world.channel(community, category_id=category, synced=True)
    member = world.member(community)
    path = in_category(community, category, "role", community.everyone_id, "templates", "message")
    assert may(app, member, "message.send", channel)
    answer = client.put(path, json=READ_ONLY, headers=community.owner.headers)
    assert answer.status_code == 200
    assert not may(app, member, "message.send", channel)
    assert may(app, member, "message.send", community.channel_id)


@pytest.mark.parametrize(
    ("template", "body", "status", "field"),
    [
        ("forum", {"level": "reader"}, 404, "template"),
        ("message", {}, 422, "level"),
        ("message", {"level": "boss"}, 422, "level"),
        ("message", {"level": "reader", "deny_beyond": 1}, 422, "deny_beyond"),
        ("message", {"level": "reader", "parameters": {"a": "b"}}, 422, "parameters.a"),
        ("server", {"level": "moderator"}, 422, "level"),
        ("crud", {"level": "reader", "parameters": {"resource": "wiki"}}, 422, "template"),
    ],
)
def test_bad_input_names_the_field_and_stores_nothing(
    client: FlaskClient,
    world: World,
    community: Community,
    template: str,
    body: dict[str, Any],
    status: int,
    field: str,
) -> None:
    path = in_channel(community.channel_id, "role", community.everyone_id, "templates", template)
    before = world.snapshot()
    answer = client.put(path, json=body, headers=community.owner.headers)
    assert (answer.status_code, list(answer.get_json()["errors"])) == (status, [field])
    assert world.snapshot() == before


def test_it_takes_the_right_and_gives_only_what_the_caller_has(
    client: FlaskClient, world: World, community: Community, gardener: Person
) -> None:
    role = world.role(community)
    path = in_channel(community.channel_id, "role", role, "templates", "message")
    member = world.member(community)
    before = world.snapshot()
    body = {"level": "moderator"}
    assert client.put(path, json=body).status_code == 401
    assert client.put(path, json=body, headers=member.headers).status_code == 403
    lacking = client.put(path, json=body, headers=gardener.headers)
    assert (lacking.status_code, lacking.get_json()["reason"]) == (403, "lacks_permission")
    assert world.snapshot() == before
    reader = client.put(path, json={"level": "reader"}, headers=gardener.headers)
    assert reader.status_code == 200
