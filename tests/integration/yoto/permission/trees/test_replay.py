"""Each kind of write, through the public calls and with the cache on, against the reference.

Answers that a write changes are asked for just before it, so that memory and Redis have the old
ones; then at once, then from Redis, then from memory.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator
from random import Random
from typing import Any

import pytest
from flask import Flask

from app.extensions import cache, optimization, permissions
from tests.integration.yoto.permission.conftest import Clock
from tests.integration.yoto.permission.trees.replaying import DeleteNode, Replay, heard
from tests.support.examples import some_of
from tests.support.trees.apart import taken_apart
from tests.support.trees.by_hand import NOW, Ask, Who, asker_of, names, place_of
from tests.support.trees.changes import CHANGES, MOMENTS, Maker, accepted, some
from tests.support.trees.examples import EXAMPLES
from tests.support.trees.model import Asker, NodeId, World
from tests.support.trees.worlds import building, skeleton
from tests.support.trees.writes import Write

# In these three each kind of write makes a difference to somebody; others on demand.
SURE = (1, 13, 14)
SEEDS = (*some_of(SURE, 3), *range(100, 100 + int(os.environ.get("YOTO_TEST_STORIES", "0"))))
# Numbers of pairs of an asker and a node: those whose answers are worked out; and those asked, of
# the pairs that a write makes a difference for, and of all.
LOOKED_AT, CHANGED, OTHERS = 100, 8, 4

Pair = tuple[Asker, NodeId | None]
# The permissions of some pairs; None: there is no such node.
Answers = dict[Pair, set[str] | None]


@pytest.fixture
def clock(app: Flask) -> Iterator[Clock]:
    """The clock of a permission system that has a cache, and stands still."""
    found = Clock(NOW)
    permissions.init_app(app, clock=found, cache=cache.of(app), locks=optimization.of(app).locks)
    caching = permissions.caching_of(app)
    assert caching is not None
    yield found
    caching.close()


def compare(replay: Replay, expected: Answers, told: Any) -> None:
    for pair, may in expected.items():
        assert replay.found(*pair) == may, (pair, told)


def changed_by(replay: Replay, write: Write, before: Answers) -> list[Pair]:
    """Those for whom the write makes a difference."""
    after = replay.world.copy()
    write.apply(after)
    return [pair for pair, may in before.items() if may != replay.expected_in(after, *pair)]


def some_answers(replay: Replay, rng: Random) -> Answers:
    world = replay.world
    pairs = [(asker, node) for asker in world.askers() for node in world.places()]
    return {pair: replay.expected(*pair) for pair in rng.sample(pairs, min(len(pairs), LOOKED_AT))}


def tried(
    replay: Replay, rng: Random, before: Answers, changed: list[Pair], write: Write, told: Any
) -> int:
    """Perform a write between questions; how many of the answers it changed."""
    asked = rng.sample(changed, min(len(changed), CHANGED)) + rng.sample(list(before), OTHERS)
    heard()
    compare(replay, {pair: before[pair] for pair in asked}, ("before", told))
    replay.perform(write)
    after = {pair: replay.expected(*pair) for pair in asked}
    compare(replay, after, ("at once", told))
    heard()
    cache.current.forget()
    compare(replay, after, ("from Redis, or the database", told))
    compare(replay, after, ("from memory", told))
    return len(changed)


def some_write(
    rng: Random, replay: Replay, make: Maker, before: Answers
) -> tuple[Write | None, list[Pair]]:
    """One of a kind, which makes a difference if any of a few does; and to whom."""
    found = None
    for _ in range(4):
        write = accepted(make, rng, replay.world)
        found = write or found
        if write is not None and (changed := changed_by(replay, write, before)):
            return write, changed
    return found, []


def delete_node(rng: Random, world: World) -> Write | None:
    gone = [DeleteNode(node) for node in world.nodes]
    return some(rng, [one for one in gone if one.acceptable(world)])


def test_each_kind_of_write_is_heard_of_wherever_it_makes_a_difference(
    trees: Flask, clock: Clock
) -> None:
    told: Counter[str] = Counter()
    for seed in SEEDS:
        rng = Random(seed)
        world = skeleton(rng, seed % 8 + 1)
        clock.now = rng.choice(MOMENTS) + rng.choice((-1.0, 0.0, 1.0))
        replay = Replay(trees, clock, world)
        replay.make()
        replay.perform_all(building(rng, world))
        kinds = [*CHANGES, delete_node]
        rng.shuffle(kinds)
        for make in kinds:
            before = some_answers(replay, rng)
            write, changed = some_write(rng, replay, make, before)
            if write is not None:
                told[make.__name__] += tried(replay, rng, before, changed, write, (seed, write))
        replay.end()
    # A new node makes no difference to anybody: nobody could ask about it.
    silent = {make.__name__ for make in (*CHANGES, delete_node) if not told[make.__name__]}
    if set(SURE) <= set(SEEDS):
        assert silent == {"put_node"}
    else:
        assert told.total()


@pytest.mark.parametrize("name", EXAMPLES)
def test_an_example_is_answered_as_it_was_worked_out_by_hand(
    trees: Flask, clock: Clock, name: str
) -> None:
    example = EXAMPLES[name]()
    bare, writes = taken_apart(example.world)
    replay, rng = Replay(trees, clock, bare), Random(name)
    replay.make()
    replay.perform_all(writes)
    for step in example.steps:
        match step:
            case Ask(now=now):
                asker, node = asker_of(step.asker), place_of(step.node)
                if now == NOW:
                    assert replay.found(asker, node) == names(step.may), step
                assert replay.from_database(asker, node, now) == names(step.may), step
            case Who():
                node = place_of(step.node)
                assert node is not None
                people = {replay.number(asker_of(one)) for one in step.are}
                assert replay.who(step.permission, node) == people, step
            case _:
                before = some_answers(replay, rng)
                tried(replay, rng, before, changed_by(replay, step, before), step, step)
