"""Random writes by random people in random trees: nobody above loses, nobody is given what the
giver lacks, and what is refused changes nothing.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from random import Random
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from tests.conftest import DATABASE
from tests.integration.yoto.permission.conftest import Clock
from tests.integration.yoto.permission.trees.rank_on_trees import State, violations
from tests.integration.yoto.permission.trees.replaying import Replay
from tests.integration.yoto.permission.trees.tables import declare_world, stored
from tests.support.require import TEST_ALL
from tests.support.trees import changes
from tests.support.trees import writes as w
from tests.support.trees.changes import MOMENTS, Maker, accepted
from tests.support.trees.model import (
    ALLOW,
    Application,
    ApplicationRow,
    AssignmentRow,
    MembershipRow,
    NodeId,
    Person,
    RoleRow,
    World,
)
from tests.support.trees.shape import homes, subtree
from tests.support.trees.types import LOCALS
from tests.support.trees.worlds import random_world
from yoto.errors import LastAdministrator, PermissionDenied, ValidationFailed
from yoto.store.db import db
from yoto.store.models import (
    ChannelOverwrite,
    ProgramAccount,
    Role,
    RoleAssignment,
    RoleGrant,
    RoleParent,
    TeamMember,
    TeamParent,
)

# How many worlds, and the seed of the first: some seconds of them in the suite. Where there is time
# for one, it is the one that tells when somebody of the same rank is believed to stand below.
WORLDS = int(os.environ.get("YOTO_TEST_RANK_TREES", "3" if DATABASE == "sqlite" else "1"))
FIRST = int(os.environ.get("YOTO_TEST_RANK_TREES_FROM", "0" if DATABASE == "sqlite" else "1"))
WRITES, PLACES = 30 if TEST_ALL or DATABASE == "sqlite" else 12, 6
TABLES: tuple[Any, ...] = (
    *(RoleAssignment, RoleGrant, ChannelOverwrite, TeamMember, TeamParent),
    *(RoleParent, Role, ProgramAccount),
)
KINDS: tuple[Maker, ...] = (
    *(changes.assign, changes.assign, changes.change_window, changes.unassign),
    *(changes.set_overwrite, changes.set_overwrite, changes.clear_overwrite),
    *(changes.grant, changes.grant, changes.revoke),
    *(changes.add_team_member, changes.remove_team_member),
    *(changes.add_team_parent, changes.remove_team_parent),
    *(changes.add_role_parent, changes.remove_role_parent, changes.set_role_active),
    changes.set_disabled,
)


def rows() -> list[list[tuple[Any, ...]]]:
    """All that rights are made of."""
    db.session.flush()
    return [
        [
            tuple(row)
            for row in db.session.execute(
                select(*table.__table__.c).order_by(*table.__table__.primary_key)
            )
        ]
        for table in TABLES
    ]


def some_actor(rng: Random, world: World) -> Person:
    """Somebody who may give something: mostly the owner of a home, or who holds roles."""
    able = [id_ for id_, row in world.people.items() if not (row.disabled or row.super_admin)]
    owners = [world.nodes[home].owner for home in homes(world)]
    holders = [who.id for who, _, node in world.assignments if isinstance(who, Person)]
    chosen = [id_ for id_ in (*owners, *holders) if id_ in able]
    return Person(rng.choice(chosen if chosen and rng.random() < 0.9 else able or [1]))


def some_write(rng: Random, world: World) -> w.Write:
    while True:
        write = accepted(rng.choice(KINDS), rng, world)
        if write is None:
            continue
        if isinstance(write, w.SetDisabled) and not isinstance(write.account, Application):
            continue  # accounts of people are the application's
        return write


def places_of(rng: Random, world: World, write: w.Write) -> list[NodeId | None]:
    at = getattr(write, "node", None) or getattr(write, "scope", None)
    near = [] if at is None else subtree(world, at)
    found: list[NodeId | None] = [None, *rng.sample(near, min(len(near), PLACES // 2))]
    others = rng.sample(list(world.nodes), min(len(world.nodes), PLACES))
    return list(dict.fromkeys([*found, *others]))


def with_ranks(rng: Random, world: World) -> Iterator[Person]:
    """Give one person nearly all that there is, and another one more; those who then act. Above
    both stands an application, which has what it has by a role below both.
    """
    people = [id_ for id_, row in world.people.items() if not (row.disabled or row.super_admin)]
    middle, high = (rng.choice(people), rng.choice(people)) if people else (1, 1)
    robot = Application(max(map(int, world.applications), default=0) + 1)
    world.applications[robot.id] = ApplicationRow()
    for home in (None, *homes(world)):
        for holder in (robot, Person(middle), Person(high), robot):
            role = len(world.roles) + 1
            world.roles[role] = RoleRow(home)
            world.assignments[holder, role, None] = AssignmentRow()
            if holder == robot and (robot, role - 3, None) in world.assignments:
                continue
            for name in rng.sample(LOCALS, len(LOCALS) - (rng.random() < 0.3)):
                world.grants[role, name, None] = ALLOW
            if home is not None and isinstance(holder, Person):
                world.memberships.setdefault((home, holder.id), MembershipRow())
    yield Person(middle)
    yield Person(high)


def with_shares(rng: Random, world: World) -> None:
    """Have most types share some of the global roles."""
    roles = [id_ for id_, row in world.roles.items() if row.home is None and not row.default]
    for name, type_ in world.types.items():
        some = tuple(one for one in roles if rng.random() < 0.5)
        world.types[name] = replace(type_, shares=some)


@pytest.mark.parametrize("seed", range(FIRST, FIRST + WORLDS))
def test_no_write_in_a_tree_takes_from_above_or_gives_what_its_actor_lacks(
    worlds: Flask, clock: Clock, seed: int
) -> None:
    done: Counter[str] = Counter()
    rng = Random(f"rank {seed}")
    world = random_world(rng, seed % 8 + 1)
    strong = list(with_ranks(rng, world))
    with_shares(rng, world)
    clock.now = now = rng.choice(MOMENTS)
    declare_world(worlds, world)
    with stored(world):
        db.session.commit()
    replay = Replay(worlds, clock, world)
    replay.adopt()
    kept = rows()
    for _ in range(WRITES):
        actor = rng.choice(strong) if rng.random() < 0.7 else some_actor(rng, world)
        write = some_write(rng, world)
        try:
            replay.attempt(write, actor)
        except (PermissionDenied, ValidationFailed, LastAdministrator) as error:
            done[type(error).__name__] += 1
            assert rows() == kept, (seed, actor, write)
            continue
        done[type(write).__name__] += 1
        before, kept = State(world.copy()), rows()
        if isinstance(write, w.Assign | w.Unassign) and write.node is not None:
            home = world.roles[write.role].home
            done["by a rank there"] += before.rank(actor, home, now) <= int(write.role)
        write.apply(world)
        after, places = State(world.copy()), places_of(rng, world, write)
        wrong = next(violations(before, after, actor, write, places, now), None)
        assert wrong is None, f"seed {seed}: {actor} by {write}: {wrong}"
    print(f"\nseed {seed}: {dict(done)}")
