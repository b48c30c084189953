"""A server with people of different standing, and who may look after global roles."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from tests.support.world import Community, Person, World


@dataclass(frozen=True)
class Crew:
    """The people whom a test can ask for."""

    community: Community
    owner: Person
    manager: Person  # role.manage and role.assign, by a role at position 10
    member: Person
    stranger: Person  # member of another server, its owner
    keeper: Person  # admin.roles, by a global role at position 10
    manager_role: int


@pytest.fixture
def crew(world: World) -> Crew:
    with world.together():
        return _crew(world)


def _crew(world: World) -> Crew:
    community = world.server()
    rights = ("role.manage", "role.assign", "message.send", "message.pin", "channel.read")
    manager_role = world.role(community, *rights, name="managers", position=10)
    keeper = world.user("keeper")
    keepers = world.role(None, "admin.roles", "platform.view", name="keepers", position=10)
    world.assign(keeper, keepers)
    return Crew(
        community=community,
        owner=community.owner,
        manager=world.member(community, world.user("manager"), manager_role),
        member=world.member(community, world.user("member")),
        stranger=world.server(name="Elsewhere").owner,
        keeper=keeper,
        manager_role=manager_role,
    )
