"""Grants that the queue sets."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Flask

from app import initialize_permission_platform
from app.extensions import optimization, permissions
from tests.integration.yoto.permission.town import Town
from tests.support.waiting import wait_until
from tests.support.world import World
from yoto.errors import ValidationFailed
from yoto.rooms.queues.batch import BatchQueue, KindStats

KIND = "set_permissions"


@pytest.fixture
def app_config(app_config: dict[str, Any]) -> dict[str, Any]:
    return app_config | {"QUEUE_BATCH_AGE": 0.0, "QUEUE_RETRY_DELAY": 0.05}


@pytest.fixture
def queue(app: Flask) -> BatchQueue:
    """The queue of ``app``; its background work has begun."""
    initialize_permission_platform(app)
    return optimization.of(app).queue


def done(queue: BatchQueue) -> KindStats:
    wait_until(lambda: queue.stats().kinds[KIND].length == 0)
    return queue.stats().kinds[KIND]


def test_an_item_grants_and_every_check_knows(app: Flask, town: Town, queue: BatchQueue) -> None:
    with app.app_context():
        payload = {
            "role_id": town.low,
            "names": ["message.pin"],
            "scope_type": "server",
            "scope_id": town.id,
            "actor_id": town.owner.id,
            "reason": "a new season",
        }
        optimization.enqueue(KIND, payload)
        stats = done(queue)
        assert (stats.counts.handled, stats.counts.failed) == (1, 0)
        assert permissions.check_permission(town.junior.id, "message.pin", "server", town.id)
        optimization.enqueue(KIND, payload | {"effect": "deny"})
        done(queue)
        wait_until(
            lambda: not permissions.check_permission(
                town.junior.id, "message.pin", "server", town.id
            )
        )


def test_handling_an_item_again_changes_nothing(
    app: Flask, world: World, town: Town, queue: BatchQueue
) -> None:
    item = {"role_id": town.low, "names": ["message.pin"], "actor_id": town.owner.id}
    queue.enqueue_many(KIND, [item, item])
    done(queue)
    queue.enqueue(KIND, item)
    assert done(queue).counts.handled == 3
    acts = [act for act in world.audit(town.community) if act.action == "role.grant"]
    assert len(acts) == 1 and acts[0].actor_id == town.owner.id


def test_the_hierarchy_holds_for_the_actor_and_spoils_nothing_for_others(
    app: Flask, town: Town, queue: BatchQueue
) -> None:
    """The actor has member.kick and not member.ban, and stands below the role ``high``."""
    actor = {"actor_id": town.actor.id}
    queue.enqueue_many(
        KIND,
        [
            {"role_id": town.low, "names": ["member.kick"], **actor},
            {"role_id": town.low, "names": ["member.ban"], **actor},
            {"role_id": town.high, "names": ["member.kick"], **actor},
            {"role_id": 999_999, "names": ["member.kick"]},
            {"role_id": town.low, "names": ["message.pin"]},
        ],
    )
    stats = done(queue)
    assert (stats.counts.handled, stats.counts.dead) == (2, 3)
    reasons = [letter.reason for letter in queue.dead_letters(KIND).letters]
    assert sum("lacks_permission" in reason for reason in reasons) == 1
    assert sum("role_too_high" in reason for reason in reasons) == 1
    assert sum("no role 999999" in reason for reason in reasons) == 1
    with app.app_context():
        may = {
            name: permissions.check_permission(town.junior.id, name, "server", town.id)
            for name in ("member.kick", "member.ban", "message.pin")
        }
    assert may == {"member.kick": True, "member.ban": False, "message.pin": True}


def test_in_maintenance_items_wait(app: Flask, town: Town, queue: BatchQueue) -> None:
    with app.app_context():
        permissions.set_maintenance_mode(True, "moving house")
        queue.enqueue(KIND, {"role_id": town.low, "names": ["message.pin"]})
        wait_until(lambda: queue.stats().kinds[KIND].counts.postponed > 0)
        assert queue.stats().kinds[KIND].delayed == 1
        permissions.set_maintenance_mode(False)


@pytest.mark.parametrize(
    ("payload", "field"),
    [
        ({}, "role_id"),
        ({"role_id": "7", "names": []}, "role_id"),
        ({"role_id": 7, "names": [1]}, "names[0]"),
        ({"role_id": 7, "names": ["a"], "scope_type": "galaxy"}, "scope_type"),
        ({"role_id": 7, "names": ["a"], "effect": "maybe"}, "effect"),
        ({"role_id": 7, "names": ["a"], "admin": True}, "admin"),
    ],
)
def test_an_unknown_shape_is_refused_before_it_is_queued(
    app: Flask, payload: dict[str, Any], field: str
) -> None:
    queue = optimization.of(app).queue
    with pytest.raises(ValidationFailed) as refused:
        queue.enqueue(KIND, payload)
    assert list(refused.value.errors) == [field]
    assert not queue.stats().kinds
