"""An application without the room: rights that were lent end, and nobody is told to ask."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from flask import Flask

from tests.support.applications import another_app
from tests.support.world import Community, Person, World
from yoto.extensions import permissions

PIN = "message.pin"


@pytest.fixture
def community(world: World) -> Community:
    return world.server()


@pytest.fixture
def member(world: World, community: Community) -> Person:
    return world.member(community, world.user("member"))


@pytest.fixture
def lent(app: Flask, community: Community, member: Person) -> int:
    """The role that holds what was lent to the member for ten minutes."""
    with app.app_context():
        place = ("channel", community.channel_id)
        asked = permissions.access_requests.ask(member.id, PIN, *place, 600, "notes")
        granted = permissions.access_requests.grant(asked.id, actor_id=community.owner.id)
    assert granted.role_id is not None
    return int(granted.role_id)


@pytest.fixture
def without(app: Flask, app_config: dict[str, Any], tmp_path: Path) -> Iterator[Flask]:
    """Another application on the same database, without rooms."""
    with another_app(app_config | {"ROOMS": "none"}, tmp_path / "without") as made:
        yield made


def test_a_right_that_was_lent_ends_when_it_was_to_end(
    without: Flask, community: Community, member: Person, lent: int
) -> None:
    passed = 0.0
    permissions.init_app(without, clock=lambda: time.time() + passed)
    place = ("channel", community.channel_id)
    with without.app_context():
        assert permissions.check_permission(member.id, PIN, *place)
        passed = 601
        assert not permissions.check_permission(member.id, PIN, *place)


def test_a_right_that_was_lent_can_be_taken_away(
    without: Flask, community: Community, member: Person, lent: int
) -> None:
    with without.app_context():
        permissions.delete_role(lent, actor_id=community.owner.id)
        place = ("channel", community.channel_id)
        assert not permissions.check_permission(member.id, PIN, *place)


def test_a_denial_names_no_way_to_ask(
    app: Flask, without: Flask, community: Community, member: Person
) -> None:
    path = f"/api/v1/channels/{community.channel_id}/overwrites"
    with_it, without_it = (
        one.test_client().get(path, headers=member.headers) for one in (app, without)
    )
    assert (with_it.status_code, without_it.status_code) == (403, 403)
    ways = with_it.json["access_request"], without_it.json.get("access_request")  # type: ignore
    assert ways[0]["href"] == "/api/v1/access-requests" and ways[1] is None
