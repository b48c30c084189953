"""``preload_user`` and ``preload_role``, as the batch queue calls them."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Flask

from app.extensions import cache, optimization
from tests.integration.yoto.rooms.warm_up.preloading.conftest import Note, preloading_of
from tests.support.world import Community, World
from yoto.cache import place_key
from yoto.errors import UnknownResource, ValidationFailed
from yoto.rooms.queues.batch import QueueItem
from yoto.rooms.warm_up.handlers import preload_role, preload_user


def item(**payload: Any) -> QueueItem:
    """One item with this payload."""
    return QueueItem("preload:1-0", "preload", payload, 1, 0.0)


def remembered(app: Flask) -> set[tuple[int, int]]:
    """The hot pairs that are in memory."""
    return {
        (pair.user_id, pair.place)
        for pair in optimization.of(app).hot.pairs(100)
        if cache.of(app).remembered(pair.user_id, pair.place)
    }


def test_users_get_their_hot_places_and_nobody_else_does(
    app: Flask, community: Community, people: list[int], ask: Note
) -> None:
    ask(people)
    ask(people[:2], "server", community.id)
    channel, server = place_key("channel", community.channel_id), place_key("server", community.id)
    with app.app_context():
        preload_user.handle([item(user_id=people[0]), item(user_id=people[5])])
        assert remembered(app) == {
            (people[0], channel),
            (people[0], server),
            (people[5], channel),
        }
        preload_user.handle([item(user_id=people[0])])
    assert preloading_of(app).stats().db == 3


def test_a_user_without_a_hot_place_loads_nothing(app: Flask, people: list[int], ask: Note) -> None:
    ask(people[:1])
    with app.app_context():
        preload_user.handle([item(user_id=people[1])])
    assert remembered(app) == set()


def test_a_role_brings_its_holders_in_the_places_of_its_server(
    app: Flask, world: World, community: Community, people: list[int], ask: Note
) -> None:
    parent = world.role(community, "message.pin")
    child = world.role(community, parent_id=parent)
    elsewhere = world.server(name="Elsewhere")
    by_parent, by_child = world.member(community, None, parent), world.member(
        community, None, child
    )
    for place in (community.channel_id, elsewhere.channel_id):
        ask([*people, by_parent.id, by_child.id], "channel", place)
    channel = place_key("channel", community.channel_id)
    with app.app_context():
        preload_role.handle([item(role_id=child)])
        assert remembered(app) == {(by_child.id, channel)}
        preload_role.handle([item(role_id=parent), item(role_id=parent)])
        assert remembered(app) == {(by_child.id, channel), (by_parent.id, channel)}


def test_the_default_role_brings_everybody_who_is_hot_in_the_server(
    app: Flask, world: World, community: Community, people: list[int], ask: Note
) -> None:
    elsewhere = world.server(name="Elsewhere")
    ask(people)
    ask(people, "server", community.id)
    ask(people, "channel", elsewhere.channel_id)
    with app.app_context():
        preload_role.handle([item(role_id=community.everyone_id)])
    places = (place_key("channel", community.channel_id), place_key("server", community.id))
    assert remembered(app) == {(user_id, place) for user_id in people for place in places}


def test_a_global_role_brings_its_holders_everywhere(
    app: Flask, world: World, community: Community, people: list[int], ask: Note
) -> None:
    role = world.role(None)
    holder = world.member(community, None, role)
    ask([*people, holder.id])
    with app.app_context():
        preload_role.handle([item(role_id=role)])
    assert remembered(app) == {(holder.id, place_key("channel", community.channel_id))}


@pytest.mark.parametrize("payload", [{}, {"user_id": "5"}, {"user_id": 0}, {"user_id": [1]}])
def test_a_payload_without_a_user_is_refused(app: Flask, payload: dict[str, Any]) -> None:
    items = [item(user_id=1), item(**payload)]
    for call, argument in ((preload_user.handle, items), (preload_user.check, payload)):
        with app.app_context(), pytest.raises(ValidationFailed) as refused:
            call(argument)
        assert list(refused.value.errors) == ["user_id"]


@pytest.mark.parametrize("payload", [{}, {"role_id": "5"}, {"role_id": True}, {"role_id": [1]}])
def test_a_payload_without_a_role_is_refused(app: Flask, payload: dict[str, Any]) -> None:
    for call, argument in ((preload_role.handle, [item(**payload)]), (preload_role.check, payload)):
        with app.app_context(), pytest.raises(ValidationFailed) as refused:
            call(argument)
        assert list(refused.value.errors) == ["role_id"]


def test_a_role_that_is_no_more_is_refused(app: Flask, people: list[int], ask: Note) -> None:
    ask(people)
    with app.app_context(), pytest.raises(UnknownResource):
        preload_role.handle([item(role_id=10**9)])
