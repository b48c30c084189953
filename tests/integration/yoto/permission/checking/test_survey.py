"""Looking over all channels of a server gives the verdicts of one check for each."""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from app.extensions import permissions
from app.models import Channel
from tests.support.examples import some_of
from tests.support.statements import count_own_statements
from tests.support.world import Community, Person, World
from yoto.errors import UnknownPermission, UnknownResource
from yoto.store.db import db
from yoto.store.models import PermissionGroup, PermissionGroupMember, RoleGrant, RoleGroupGrant

NAMES = ("channel.read", "message.send", "message.read_history", "channel.manage")


def some(chance: random.Random, names: tuple[str, ...] = NAMES) -> list[str]:
    return [name for name in names if chance.random() < 0.4]


def overwrite_somehow(world: World, chance: random.Random, **target: Any) -> None:
    """Overwrites that allow some names and deny others."""
    denied = some(chance)
    world.overwrite(**target, deny=denied, allow=[n for n in some(chance) if n not in denied])


def build(world: World, chance: random.Random) -> tuple[Community, list[Person]]:
    """A server with categories, channels, roles and people, all at random."""
    community = world.server(grants=some(chance, (*NAMES, "server.manage")))
    parent = world.role(community, *some(chance), active=chance.random() < 0.8)
    roles = [
        world.role(community, *some(chance, NAMES[:2]), deny=NAMES[2:], parent_id=parent),
        world.role(community, *some(chance), active=False),
        world.role(community, "server.administrator", active=chance.random() < 0.3),
        world.role(None, *some(chance)),
    ]
    people = [
        community.owner,
        world.user(super_admin=True),
        world.user(),
        world.member(community, None, *roles[:2]),
        world.member(community, None, *roles[1:]),
        world.member(community, None, roles[0], timeout_until=World.soon()),
    ]
    outsider = world.user()
    world.assign(outsider, *roles)
    world.assign(people[2], roles[0], valid_from=World.soon())
    people.append(outsider)
    places: list[dict[str, int]] = []
    for _ in range(2):
        category = world.category(community)
        places.append({"category": category})
        for synced in (True, False):
            places.append(
                {"channel": world.channel(community, category_id=category, synced=synced)}
            )
    places.append({"channel": world.channel(community, synced=True)})
    for place in places:
        for role in (community.everyone_id, parent, *roles):
            if chance.random() < 0.4:
                overwrite_somehow(world, chance, role=role, **place)
        for person in people:
            if chance.random() < 0.2:
                overwrite_somehow(world, chance, user=person, **place)
    return community, people


@pytest.mark.parametrize("seed", some_of(range(8), 3))
def test_every_verdict_equals_that_of_a_single_check(app: Flask, world: World, seed: int) -> None:
    chance = random.Random(seed)
    community, people = build(world, chance)
    elsewhere = world.server()
    world.overwrite(channel=elsewhere.channel_id, user=people[3], allow=["channel.read"])
    channels = [row[0] for row in world.rows(all_channels(community))]
    with app.app_context():
        for person in people:
            for name in NAMES:
                expected = [
                    channel
                    for channel in channels
                    if permissions.check_permission(person.id, name, "channel", channel)
                ]
                found = channels_with(person.id, name, community.id)
                assert sorted(found) == expected, (person, name)


def channels_with(
    user_id: int, name: str, server_id: int, among: Sequence[Any] | None = None
) -> list[Any]:
    """The channels of a server in which somebody has a permission."""
    return permissions.nodes_with(user_id, name, "channel", "server", server_id, among)


def all_channels(community: Community) -> Any:
    return select(Channel.id).where(Channel.server_id == community.id).order_by(Channel.id)


def test_grants_for_one_channel_count_there_also_when_it_is_in_sync(
    app: Flask, world: World
) -> None:
    community = world.server(grants=())
    category = world.category(community)
    direct = world.channel(community, category_id=category, synced=True)
    grouped, neither = world.channel(community), world.channel(community)
    role = world.role(community)
    member = world.member(community, None, role)
    read = world.permission_id("channel.read")
    group = world.add(PermissionGroup(name="readers"))
    world.add(PermissionGroupMember(group_id=group, permission_id=read))
    world.add(RoleGrant(role_id=role, permission_id=read, scope_key=f"channel:{direct}"))
    world.add(RoleGroupGrant(role_id=role, group_id=group, scope_key=f"channel:{grouped}"))
    with app.app_context():
        found = channels_with(member.id, "channel.read", community.id)
    assert found == [direct, grouped]
    assert neither not in found


def test_it_takes_two_statements_whatever_the_number_of_channels(app: Flask, world: World) -> None:
    community = world.server()
    member = world.member(community)

    def statements() -> int:
        with app.app_context(), count_own_statements() as counted:
            # As nobody remembers.
            permissions.require_database()
            channels_with(member.id, "channel.read", community.id)
            permissions.require_nothing()
        # The registry is read again whenever the log, once it is heard, may have told of a change.
        return sum("permissions.bit" not in statement for statement in counted)

    statements()
    few = statements()
    for _ in range(30):
        channel = world.channel(community)
        world.overwrite(channel=channel, role=community.everyone_id, deny=["message.send"])
    assert statements() == few == 3  # one of them that lists the channels


def test_memory_answers_for_channels_that_it_knows_until_one_is_new_or_changed(
    app: Flask, world: World
) -> None:
    community = world.server()
    member = world.member(community)
    second = world.channel(community)

    def asked(*channel_ids: int) -> tuple[list[int], int]:
        """The channels that are found, and the number of statements that it takes."""
        with app.app_context(), count_own_statements() as counted:
            found = channels_with(member.id, "channel.read", community.id, channel_ids or None)
        return found, sum("permissions.bit" not in statement for statement in counted)

    both = [community.channel_id, second]
    assert asked(*both) == (both, 2)
    assert asked(*both) == (both, 0)
    assert asked() == (both, 1)
    with app.app_context():
        # The verdict of one check is remembered, and no other verdict.
        assert permissions.decide(member.id, "channel.read", "channel", second).tier == "l1"
    third = world.channel(community)
    assert asked(*both, third) == ([*both, third], 2)
    with app.app_context():
        permissions.set_overwrite(second, user_id=member.id, deny=["channel.read"])
        db.session.commit()
    assert asked(*both, third) == ([community.channel_id, third], 2)


def test_more_channels_than_memory_has_places_for_are_looked_over_each_time(
    app: Flask, world: World
) -> None:
    community = world.server()
    member = world.member(community)
    ids = [community.channel_id, *(world.channel(community) for _ in range(40))]
    with app.app_context():
        for _ in range(2):
            found = channels_with(member.id, "channel.read", community.id, ids)
            assert found == ids
        tier = permissions.decide(member.id, "channel.read", "channel", ids[7]).tier
    assert tier == "db"


def test_what_is_not_there_is_named(app: Flask, world: World) -> None:
    community = world.server()
    with app.app_context():
        with pytest.raises(UnknownResource):
            channels_with(community.owner.id, "channel.read", 999_999)
        with pytest.raises(UnknownPermission):
            channels_with(community.owner.id, "channel.fly", community.id)
        assert channels_with(999_999, "channel.read", community.id) == []
