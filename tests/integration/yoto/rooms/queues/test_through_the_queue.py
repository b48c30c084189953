"""The platform's own kinds of items, put into the queue and handled by the workers of the app."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from flask import Flask

from app.extensions import cache, optimization, permissions
from tests.support.waiting import wait_until
from tests.support.world import Community, World
from yoto.cache import place_key
from yoto.errors import ValidationFailed
from yoto.rooms.queues.wiring import close, start


@pytest.fixture
def community(world: World) -> Community:
    return world.server()


@pytest.fixture
def working(app: Flask) -> Iterator[Flask]:
    """The application with its background work going on."""
    start(app)
    yield app
    close(app)


def test_each_kind_does_its_work(working: Flask, world: World, community: Community) -> None:
    (user_id,) = world.members(community, 1)
    state = optimization.of(working)
    place = place_key("channel", community.channel_id)
    state.hot.note(user_id, place)
    state.hot.flush()
    with working.app_context():
        put = optimization.enqueue
        put("preload_user", {"user_id": user_id})
        wait_until(lambda: cache.of(working).remembered(user_id, place))
        put(
            "invalidate_permissions",
            {"subjects": [f"user:{user_id}"], "reason": "test", "level": "l1"},
        )
        wait_until(lambda: cache.of(working).remembered(user_id, place) is None)
        put("preload_role", {"role_id": community.everyone_id})
        wait_until(
            lambda: sum(kind.counts.handled for kind in state.queue.stats().kinds.values()) == 3
        )
        asked = (user_id, "message.pin", "channel", community.channel_id)
        assert not permissions.check_permission(*asked)
        put(
            "set_permissions",
            {
                "role_id": community.everyone_id,
                "names": ["message.pin"],
                "scope_type": "server",
                "scope_id": community.id,
            },
        )
        wait_until(lambda: permissions.check_permission(*asked))


def test_a_wrong_payload_is_refused_when_it_is_put(app: Flask) -> None:
    with app.app_context():
        for kind, wrong in (
            ("preload_user", "user_id"),
            ("preload_role", "role_id"),
            ("invalidate_permissions", "subjects"),
            ("set_permissions", "role_id"),
        ):
            with pytest.raises(ValidationFailed) as refused:
                optimization.enqueue(kind, {})
            assert list(refused.value.errors) == [wrong]
