"""A server with three ranks, for tests of who may change what."""

from __future__ import annotations

from dataclasses import dataclass

from app.extensions import permissions
from tests.support.world import Community, Person, World


@dataclass(frozen=True)
class Town:
    """The actor holds ``middle`` (5): above ``low`` (2), below ``high`` (8).

    The actor has what ``@everyone`` has, and ``member.kick``; not ``member.ban``.
    """

    community: Community
    low: int
    middle: int
    high: int
    global_role: int
    group: int  # with member.ban
    category: int
    actor: Person
    junior: Person  # holds low
    boss: Person  # holds high
    outsider: Person
    root: Person  # super-admin

    @property
    def id(self) -> int:
        return self.community.id

    @property
    def owner(self) -> Person:
        return self.community.owner

    @property
    def channel(self) -> int:
        return self.community.channel_id


def build_town(world: World) -> Town:
    with world.together():
        community = world.server()
        low = world.role(community, position=2, name="low")
        middle = world.role(community, "member.kick", position=5, name="middle")
        high = world.role(community, "member.ban", position=8, name="high")
        everywhere = world.role(None, position=3, name="global")
        category = world.category(community)
        actor, below, above = (world.member(community, None, role) for role in (middle, low, high))
        stranger, root = world.user(), world.user(super_admin=True)
    with world.app.app_context():
        group = permissions.register_group("bans", ["member.ban"]).ids[0]
    return Town(
        community,
        low,
        middle,
        high,
        everywhere,
        group,
        category,
        actor,
        below,
        above,
        stranger,
        root,
    )
