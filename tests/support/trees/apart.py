"""A world taken apart again, into what is there and the writes that bind it."""

from __future__ import annotations

from dataclasses import replace

from tests.support.trees.model import (
    ALLOW,
    DENY,
    Application,
    ApplicationRow,
    NodeRow,
    Person,
    TeamRow,
    World,
)
from tests.support.trees.writes import (
    AddRoleParent,
    AddTeamMember,
    AddTeamParent,
    Assign,
    Ban,
    Grant,
    Join,
    SetDisabled,
    SetOverwrite,
    SetRoleActive,
    SetSync,
    TimeOut,
    Write,
)


def taken_apart(world: World) -> tuple[World, list[Write]]:
    """A world with the same nodes, roles, teams and accounts, and what makes it this one."""
    bare = World(dict(world.types), dict(world.permissions), deepest=world.deepest)
    for node, row in world.nodes.items():
        bare.nodes[node] = NodeRow(row.parent, row.owner, None, dict(row.attributes))
    for id_, role in world.roles.items():
        bare.roles[id_] = replace(role, active=True, parents=[])
    bare.teams = {id_: TeamRow() for id_ in world.teams}
    bare.people = {id_: replace(row, disabled=False) for id_, row in world.people.items()}
    bare.applications = {id_: ApplicationRow() for id_ in world.applications}
    return bare, [*_of_subjects(world), *_of_roles(world), *_at_nodes(world), *_last(world)]


def _of_subjects(world: World) -> list[Write]:
    writes: list[Write] = []
    for (home, person), row in world.memberships.items():
        writes.append(Join(home, person))
        if row.timeout_until is not None:
            writes.append(TimeOut(home, person, row.timeout_until))
        if row.banned:
            writes.append(Ban(home, person))
    for id_, team in world.teams.items():
        writes += [AddTeamMember(id_, member, window) for member, window in team.members.items()]
        writes += [AddTeamParent(id_, parent) for parent in team.parents]
    return writes


def _of_roles(world: World) -> list[Write]:
    writes: list[Write] = []
    for id_, role in world.roles.items():
        writes += [AddRoleParent(id_, parent) for parent in role.parents]
    writes += [Grant(*key, effect) for key, effect in world.grants.items()]
    for key, row in world.assignments.items():
        writes.append(Assign(*key, row.window, row.attributes, row.here_only))
    return writes


def _at_nodes(world: World) -> list[Write]:
    """Overwrites first: a node that takes another's takes none of its own."""
    writes: list[Write] = []
    for node, target in dict.fromkeys(key[:2] for key in world.overwrites):
        names = {
            effect: tuple(
                name
                for (at, whose, name), found in world.overwrites.items()
                if (at, whose, found) == (node, target, effect)
            )
            for effect in (ALLOW, DENY)
        }
        writes.append(SetOverwrite(node, target, names[ALLOW], names[DENY]))
    writes += [SetSync(node, row.sync) for node, row in world.nodes.items() if row.sync is not None]
    return writes


def _last(world: World) -> list[Write]:
    """Writes that would stand in the way of the others."""
    writes: list[Write] = []
    writes += [SetRoleActive(id_, False) for id_, row in world.roles.items() if not row.active]
    for id_, person in world.people.items():
        if person.disabled:
            writes.append(SetDisabled(Person(id_), True))
    for id_, account in world.applications.items():
        if account.disabled:
            writes.append(SetDisabled(Application(id_), True))
    return writes
