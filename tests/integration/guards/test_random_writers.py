"""Many who change one server at random, at once: everybody is told what became of it, none a 500.

In short here; ``YOTO_TEST_ACTS=2000 YOTO_TEST_WRITERS=50`` is the whole of it.
"""

from __future__ import annotations

import os
import random
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from flask import Flask

from tests.support.together import together
from tests.support.world import Community, Person, World

WRITERS = int(os.environ.get("YOTO_TEST_WRITERS", "8"))
ACTS = int(os.environ.get("YOTO_TEST_ACTS", "160"))
PERMISSIONS = ("message.send", "channel.read", "member.kick", "role.manage")
# The row that each of these ids may be of is there, was there, or is about to be.
IDS = 6

Act = tuple[str, str, Any]


@pytest.fixture
def app_config(app_config: dict[str, Any]) -> dict[str, Any]:
    # Everybody is at it at once; waiting for a connection is another question.
    pools = {"DATABASE_POOL_SIZE": WRITERS, "PERMISSION_POOL_SIZE": WRITERS}
    return app_config | pools | {"PERMISSION_POOL_WAIT": 20.0}


@pytest.fixture
def community(world: World) -> Community:
    return world.server(public=True)


def acts_of(dice: random.Random, place: Community, people: list[Person]) -> Act:
    """One of all kinds of writes, on ids that others change at the same moment."""

    def some(first: int = 1) -> int:
        return first + dice.randrange(IDS)

    server, channel = f"/servers/{place.id}", f"/channels/{some(place.channel_id)}"
    role, user = f"/roles/{some(place.everyone_id + 1)}", dice.choice(people).id
    group, permission = some(), dice.choice(PERMISSIONS)
    category, message = some(), some()
    target = dice.choice((f"role/{some(place.everyone_id)}", f"user/{user}"))
    at_all = ["allow", "deny"]
    dice.shuffle(at_all)
    overwrite = {at_all[0]: [permission]}
    name = dice.choice("abcdefgh")
    until = (datetime.now(UTC) + timedelta(minutes=5)).isoformat()
    acts: list[Act] = [
        ("POST", f"{server}/roles", {"name": name, "parent_id": some(place.everyone_id + 1)}),
        ("POST", f"{server}/roles", {"name": name, "position": some()}),
        ("PATCH", role, {"name": name, "active": dice.random() < 0.5}),
        ("PATCH", role, {"parent_id": dice.choice((None, some(place.everyone_id + 1)))}),
        ("DELETE", role, None),
        ("PUT", f"{role}/grants/{permission}", {"scope": "server", "scope_id": place.id}),
        ("PUT", f"{role}/grants/{permission}", {"effect": "deny"}),
        ("DELETE", f"{role}/grants/{permission}", None),
        ("DELETE", f"{role}/grants/{permission}?scope=server&scope_id={place.id}", None),
        ("PUT", f"{role}/members/{user}", {}),
        ("PUT", f"{role}/members/{user}", {"valid_until": until}),
        ("DELETE", f"{role}/members/{user}", None),
        ("PUT", f"{role}/groups/{group}", {}),
        ("DELETE", f"{role}/groups/{group}", None),
        ("POST", "/permission-groups", {"name": name, "permissions": [permission]}),
        ("PUT", f"/permission-groups/{group}/permissions/{permission}", {}),
        ("DELETE", f"/permission-groups/{group}/permissions/{permission}", None),
        ("DELETE", f"/permission-groups/{group}", None),
        (
            "POST",
            f"{server}/channels",
            {"name": name, "category_id": dice.choice((None, category))},
        ),
        ("PATCH", channel, {"name": name, "position": some()}),
        (
            "PUT",
            f"{channel}/category",
            {"category_id": dice.choice((None, category)), "synced": True},
        ),
        ("POST", f"{channel}/sync", None),
        ("DELETE", channel, None),
        ("PUT", f"{channel}/overwrites/{target}", overwrite),
        ("DELETE", f"{channel}/overwrites/{target}", None),
        ("POST", f"{server}/categories", {"name": name}),
        ("PATCH", f"{server}/categories/{category}", {"name": name}),
        ("DELETE", f"{server}/categories/{category}", None),
        ("PUT", f"{server}/categories/{category}/overwrites/{target}", overwrite),
        ("DELETE", f"{server}/categories/{category}/overwrites/{target}", None),
        ("POST", f"{channel}/messages", {"content": name}),
        ("PATCH", f"{channel}/messages/{message}", {"content": name}),
        ("PUT", f"{channel}/messages/{message}/pin", None),
        ("DELETE", f"{channel}/messages/{message}/pin", None),
        ("DELETE", f"{channel}/messages/{message}", None),
        ("POST", f"{server}/join", None),
        ("POST", f"{server}/leave", None),
        ("POST", f"{server}/invites", {}),
        ("DELETE", f"{server}/invites/{some()}", None),
        ("PATCH", f"{server}/members/{user}", {"nickname": name}),
        ("PUT", f"{server}/members/{user}/timeout", {"until": until}),
        ("DELETE", f"{server}/members/{user}/timeout", None),
        ("DELETE", f"{server}/members/{user}", None),
        ("PUT", f"{server}/bans/{user}", {}),
        ("DELETE", f"{server}/bans/{user}", None),
        ("PATCH", server, {"name": name, "public": True}),
        ("POST", f"{server}/transfer", {"user_id": user}),
        ("PATCH", f"/admin/users/{user}", {"disabled": False}),
        ("PUT", f"/admin/users/{user}/clearance", {"clearance": dice.randrange(3)}),
    ]
    return dice.choice(acts)


def test_everybody_is_told_what_became_of_their_change(
    app: Flask, world: World, community: Community
) -> None:
    people = [world.user(f"writer{number}", super_admin=True) for number in range(WRITERS)]
    for person in people:
        world.member(community, person)
    told: Counter[int] = Counter()
    wrong: list[str] = []

    def writer(person: Person, seed: int) -> Callable[[], None]:
        def write() -> None:
            client, dice = app.test_client(), random.Random(seed)
            for _ in range(ACTS // WRITERS):
                method, path, body = acts_of(dice, community, people)
                answer = client.open(
                    f"/api/v1{path}", method=method, json=body, headers=person.headers
                )
                told[answer.status_code] += 1
                if answer.status_code >= 500:
                    wrong.append(f"{method} {path} {body}: {answer.text}")

        return write

    together([writer(person, seed) for seed, person in enumerate(people)])
    assert wrong == []
    assert told[200] + told[201] + told[204] > ACTS / 5, told
