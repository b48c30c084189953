"""The audit log of the community's own changes is enough to take them back."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random
from typing import Any

import pytest
from flask import Flask
from werkzeug.exceptions import Conflict

from app.blueprints.channels import categories, channels, overwrites
from app.blueprints.channels.targets import Target
from app.blueprints.servers import membership
from app.blueprints.servers.members import moderation
from app.extensions import permissions
from tests.support.examples import some_of
from tests.support.require import TEST_ALL
from tests.support.world import Community, World
from yoto.errors import PermissionDenied, UnknownResource, ValidationFailed
from yoto.store.columns import utcnow
from yoto.store.db import db

READ, PIN = "channel.read", "message.pin"
NAMES = (READ, PIN)
CHANGES, PAIRS = (60, 15) if TEST_ALL else (30, 10)
REFUSED = (Conflict, PermissionDenied, UnknownResource, ValidationFailed)


@dataclass
class Town:
    """A server with people in and out of it, and a channel that changes its category."""

    harbour: Community
    people: list[int]
    roles: list[int]
    categories: list[int]
    random: Random

    def change(self) -> None:
        """One random change as the owner makes it; one that is refused changes nothing."""
        random, home, boss = self.random, self.harbour.id, self.harbour.owner.id
        channel, category = self.harbour.channel_id, random.choice(self.categories)
        user_id, role = random.choice(self.people), random.choice(self.roles)
        target = random.choice((Target("role", role), Target("user", user_id)))
        allow, deny = random.choice((([PIN], []), ([], [PIN]), ([], [READ]), ([READ, PIN], [])))
        soon = utcnow() + timedelta(hours=1)
        calls: list[Callable[[], Any]] = [
            lambda: membership.join_public(home, user_id),
            lambda: membership.leave(home, user_id),
            lambda: moderation.kick(home, user_id, boss, None),
            lambda: moderation.ban(home, user_id, boss, None),
            lambda: moderation.unban(home, user_id, boss, None),
            lambda: moderation.set_timeout(home, user_id, boss, soon, None),
            lambda: moderation.end_timeout(home, user_id, boss, None),
            lambda: permissions.assign_roles_to_user(user_id, [role], home, valid_until=soon),
            lambda: permissions.assign_permissions_to_role(role, [PIN], "server", home),
            lambda: channels.move_channel(boss, channel, None, False),
            lambda: channels.move_channel(boss, channel, category, True),
            lambda: channels.move_channel(boss, channel, category, False),
            lambda: channels.sync_channel(boss, channel),
            lambda: overwrites.set_channel_overwrite(boss, channel, *target, allow, deny),
            lambda: overwrites.clear_channel_overwrite(boss, channel, *target),
            lambda: overwrites.set_category_overwrite(boss, home, category, *target, allow, deny),
            lambda: self._replace_category(category),
            lambda: self._replace_role(role),
        ]
        try:
            random.choice(calls)()
        except REFUSED:
            db.session.rollback()

    def _replace_category(self, category: int) -> None:
        home, boss = self.harbour.id, self.harbour.owner.id
        categories.delete_category(boss, home, category)
        made = categories.create_category(boss, home, f"after {category}", 0).id
        self.categories[self.categories.index(category)] = made

    def _replace_role(self, role: int) -> None:
        permissions.delete_role(role, actor_id=self.harbour.owner.id)
        made = permissions.register_role(f"after {role}", self.harbour.id)
        self.roles[self.roles.index(role)] = made.ids[0]

    def able(self, name: str) -> set[int]:
        page = permissions.list_users(name, "channel", self.harbour.channel_id)
        db.session.rollback()
        return set(page.ids)


@pytest.fixture
def town(app: Flask, world: World, request: pytest.FixtureRequest) -> Town:
    permissions.init_app(app)  # many writes need no cache
    harbour = world.server(grants=[READ], public=True)
    people = [
        *(world.member(harbour).id for _ in range(3)),
        *(world.user().id for _ in range(2)),
    ]
    roles = [world.role(harbour, PIN) for _ in range(2)]
    rooms = [world.category(harbour, f"room {number}") for number in range(2)]
    return Town(harbour, people, roles, rooms, Random(request.node.name))


@pytest.mark.parametrize("turn", some_of(range(3), 1))
def test_what_the_log_takes_back_is_what_was_there(app: Flask, town: Town, turn: int) -> None:
    moments: list[tuple[datetime, dict[str, set[int]]]] = []
    with app.app_context():
        for _ in range(CHANGES):
            moments.append((utcnow(), {name: town.able(name) for name in NAMES}))
            town.change()
        for _ in range(PAIRS):
            first, second = sorted(town.random.sample(range(len(moments)), 2))
            (since, before), (until, after) = moments[first], moments[second]
            name = town.random.choice(NAMES)
            found = permissions.review.difference(
                name, "channel", town.harbour.channel_id, since=since, until=until
            )
            assert {turn.user_id for turn in found.gained} == after[name] - before[name]
            assert {turn.user_id for turn in found.lost} == before[name] - after[name]
            assert not any("does not hold" in note for note in found.unknown)
        db.session.remove()
