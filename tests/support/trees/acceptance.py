"""Checks by which a platform that refuses nonsense accepts a write."""

from __future__ import annotations

from collections.abc import Iterable

from tests.support.trees.model import (
    LOCAL,
    Application,
    Id,
    NodeId,
    Person,
    Public,
    Subject,
    Team,
    Window,
    World,
)
from tests.support.trees.shape import ancestors_and_self, home_of


def fits_under(world: World, type_: str, parent: NodeId | None, height: int) -> bool:
    """Whether a subtree ``height`` nodes high, with a node of the type on top, may be there."""
    if parent is None:
        return True
    if parent not in world.nodes or parent[0] not in world.types[type_].parents:
        return False
    return len(ancestors_and_self(world, parent)) + height <= world.deepest


def takes_overwrites(world: World, node: NodeId) -> bool:
    """Not a home, where none would ever count, nor a node that takes another's."""
    return not world.types[node[0]].members and world.nodes[node].sync is None


def can_be_held_at(world: World, role: Id, node: NodeId) -> bool:
    """A global role anywhere, a role of a home at the home and below it."""
    if node not in world.nodes:
        return False
    return world.roles[role].home in (None, home_of(world, node))


def are_local(world: World, names: Iterable[str]) -> bool:
    return all(world.permissions.get(name) == LOCAL for name in names)


def administrators(world: World) -> set[str | None]:
    """Permissions that nobody is denied."""
    return {type_.administrator for type_ in world.types.values()} - {None}


def is_a_window(window: Window) -> bool:
    return window.from_ is None or window.until is None or window.from_ < window.until


def subject_exists(world: World, subject: Subject) -> bool:
    if isinstance(subject, Person):
        return subject.id in world.people
    if isinstance(subject, Application):
        return subject.id in world.applications
    if isinstance(subject, Team):
        return subject.id in world.teams
    return isinstance(subject, Public)
