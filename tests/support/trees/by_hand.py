"""Worlds written by hand: names for ids, ``"folder:a"`` for the node ``("folder", "a")``."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from tests.support.trees.model import (
    GLOBAL,
    LOCAL,
    Application,
    ApplicationRow,
    Asker,
    NodeId,
    NodeRow,
    Person,
    PersonRow,
    RoleRow,
    TeamRow,
    Type,
    World,
)
from tests.support.trees.verdict import allowed
from tests.support.trees.writes import Grant, Join, Write

NOW = 1_800_000_000.0
HOUR = 3600.0


def at(node: str) -> NodeId:
    type_, id_ = node.split(":")
    return type_, id_


def by_hand(
    *,
    types: Iterable[Type],
    local: str,
    globally: str = "",
    nodes: Mapping[str, str | None],
    owners: Mapping[str, str] | None = None,
    roles: Mapping[str, str] | None = None,
    homes: Mapping[str, str] | None = None,
    defaults: Mapping[str, str] | None = None,
    members: Mapping[str, str] | None = None,
    people: str = "",
    applications: str = "",
    teams: str = "",
    writes: Iterable[Write] = (),
) -> World:
    """A world of these rows; several names stand in one text with spaces between them.

    Args:
        nodes: each with its parent.
        roles: each with the permissions that it gives everywhere.
        homes: the homes of the roles that are not global.
        defaults: the default roles, each with its home.
        members: homes, each with its members.
        writes: those that follow; each must be acceptable.
    """
    world = World(types={type_.name: type_ for type_ in types})
    world.permissions = dict.fromkeys(local.split(), LOCAL) | dict.fromkeys(
        globally.split(), GLOBAL
    )
    world.people = {name: PersonRow() for name in people.split()}
    world.applications = {name: ApplicationRow() for name in applications.split()}
    world.teams = {name: TeamRow() for name in teams.split()}
    for node, parent in nodes.items():
        owner = (owners or {}).get(node)
        world.nodes[at(node)] = NodeRow(None if parent is None else at(parent), owner)
    for role in roles or {}:
        home = (homes or {}).get(role)
        world.roles[role] = RoleRow(None if home is None else at(home))
    for role, home in (defaults or {}).items():
        world.roles[role] = RoleRow(at(home), default=True)
    grants = [Grant(role, name) for role, names in (roles or {}).items() for name in names.split()]
    joins = [
        Join(at(home), name) for home, all_ in (members or {}).items() for name in all_.split()
    ]
    perform(world, *grants, *joins, *writes)
    return world


def perform(world: World, *writes: Write) -> None:
    for write in writes:
        assert write.acceptable(world), write
        write.apply(world)


def may(world: World, asker: Asker | str, node: str | None, now: float = NOW) -> str:
    """The permissions of an asker, or a person's name, at the node: names, sorted, in one text."""
    return " ".join(sorted(allowed(world, asker_of(asker), place_of(node), now)))


def asker_of(asker: Asker | str) -> Asker:
    return Person(asker) if isinstance(asker, str) else asker


def place_of(node: str | None) -> NodeId | None:
    return None if node is None else at(node)


def names(text: str) -> set[str]:
    return set(text.split())


@dataclass(frozen=True)
class Ask:
    """At ``now`` the asker has exactly these permissions at the node."""

    asker: Asker | str
    node: str | None
    may: str = ""
    now: float = NOW


@dataclass(frozen=True)
class Who:
    """At ``now`` exactly these people and applications have the permission at the node."""

    permission: str
    node: str
    are: tuple[str | Application, ...] = ()
    now: float = NOW


@dataclass
class Example:
    """A world, and what is asked and changed in it, one after the other."""

    world: World
    steps: list[Ask | Who | Write]
