"""Random worlds and random changes of them, from a seed: small, so that all in them is near to all.

A world is a skeleton (types, nodes, accounts, roles, teams) and some hundred writes that were
applied to it. ``random_write`` goes on from there; each is one that a platform accepts.
"""

from __future__ import annotations

from collections.abc import Callable
from random import Random

from tests.support.trees.changes import (
    accepted,
    add_role_parent,
    add_team_member,
    add_team_parent,
    assign,
    ban,
    grant,
    join,
    possible_parents,
    set_disabled,
    set_overwrite,
    set_role_active,
    set_sync,
    some,
    time_out,
)
from tests.support.trees.model import ApplicationRow, NodeRow, PersonRow, RoleRow, TeamRow, World
from tests.support.trees.shape import homes
from tests.support.trees.types import PERMISSIONS, random_types
from tests.support.trees.writes import Write

DEEPEST = 12  # nodes of a chain, where folders are in folders


def random_world(rng: Random, depth: int | None = None) -> World:
    """A world whose types are ``depth`` deep (one to eight, unless it is given)."""
    world = skeleton(rng, depth)
    for write in building(rng, world):
        write.apply(world)
    return world


# ---- the skeleton ---------------------------------------------------------------------------


def skeleton(rng: Random, depth: int | None = None) -> World:
    """Types, nodes, accounts, roles and teams, and nothing yet that binds them."""
    world = World(permissions=dict(PERMISSIONS), deepest=DEEPEST)
    world.types = random_types(rng, depth)
    for id_ in range(1, rng.randint(2, 8) + 1):
        world.people[id_] = PersonRow()
    if rng.random() < 0.25:
        world.people[rng.choice(list(world.people))].super_admin = True
    for id_ in range(1, rng.randint(0, 3) + 1):
        world.applications[id_] = ApplicationRow()
    for id_ in range(1, rng.randint(0, 4) + 1):
        world.teams[id_] = TeamRow()
    _add_nodes(rng, world, rng.randint(10, 40))
    _add_roles(rng, world)
    return world


def _add_nodes(rng: Random, world: World, number: int) -> None:
    """One or two nodes of each type, then more at random; nearly all are below something."""
    for name, type_ in world.types.items():
        for _ in range(rng.randint(1, 2) + type_.members):
            _add_node(rng, world, name)
    names = list(world.types)
    low_ones_more_often = range(1, len(names) + 1)
    while len(world.nodes) < number:
        _add_node(rng, world, rng.choices(names, low_ones_more_often)[0])


def _add_node(rng: Random, world: World, type_: str) -> None:
    parent = None
    if rng.random() < 0.97:
        parent = some(rng, possible_parents(world, type_))
    node = (type_, len(world.of_type(type_)) + 1)
    row = NodeRow(parent)
    if world.types[type_].owner and rng.random() < 0.4:
        row.owner = rng.choice(list(world.people))
    world.nodes[node] = row


def _add_roles(rng: Random, world: World) -> None:
    """Most homes have a default role; half of the others are global, or all without a home."""
    places = homes(world)
    for place in places:
        if rng.random() < 0.9:
            world.roles[len(world.roles) + 1] = RoleRow(place, default=True)
    for _ in range(rng.randint(3, 8)):
        home = rng.choice(places) if places and rng.random() < 0.5 else None
        world.roles[len(world.roles) + 1] = RoleRow(home)


# ---- writes ---------------------------------------------------------------------------------


def building(rng: Random, world: World) -> list[Write]:
    """Writes that fill a skeleton, in order; the world is left as it is."""
    copy = world.copy()
    writes = []
    people, nodes, roles = len(copy.people), len(copy.nodes), len(copy.roles)
    for make, number in (
        (join, people * len(homes(copy)) * 2 // 3),
        (ban, rng.randint(0, 2)),
        (time_out, rng.randint(0, people)),
        (add_team_member, 3 * len(copy.teams)),
        (add_team_parent, len(copy.teams)),
        (add_role_parent, roles // 2),
        (grant, 5 * roles),
        (assign, 3 * (people + len(copy.applications)) + 6),
        (set_overwrite, 2 * nodes),
        (set_sync, nodes // 8),
        (set_role_active, rng.randint(0, 1)),
        (set_disabled, rng.randint(0, 1)),
    ):
        for _ in range(number):
            write = accepted(make, rng, copy)
            if write is not None:
                write.apply(copy)
                writes.append(write)
    return writes


def shrunk(
    start: World, writes: list[Write], fails: Callable[[World, list[Write]], bool]
) -> list[Write]:
    """As few of the writes as still fail, all acceptable one after the other.

    Helps to find the reason of a difference; ``fails`` gets a copy of the start.
    """
    found = list(writes)
    for write in reversed(writes):
        fewer = [each for each in found if each is not write]
        if _all_acceptable(start.copy(), fewer) and fails(start.copy(), fewer):
            found = fewer
    return found


def _all_acceptable(world: World, writes: list[Write]) -> bool:
    for write in writes:
        if not write.acceptable(world):
            return False
        write.apply(world)
    return True
