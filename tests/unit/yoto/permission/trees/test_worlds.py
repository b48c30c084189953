"""Random worlds: the same from the same seed, sound, and telling each misreading of the rules."""

from __future__ import annotations

import subprocess
import sys
from collections import Counter
from pathlib import Path
from random import Random

import pytest

from tests.support.trees.apart import taken_apart
from tests.support.trees.by_hand import perform
from tests.support.trees.changes import MOMENTS, random_write, reckless_write
from tests.support.trees.examples import EXAMPLES
from tests.support.trees.model import World
from tests.support.trees.shape import ancestors_and_self, at_most_one_home
from tests.support.trees.types import DEEPEST_CHAIN_OF_TYPES
from tests.support.trees.verdict import allowed
from tests.support.trees.worlds import building, random_world, shrunk, skeleton
from tests.support.trees.writes import Assign, Write
from tests.unit.yoto.permission.trees.misreadings import MISREADINGS

ROOT = Path(__file__).parents[5]
CHILD = """
from random import Random
from tests.support.trees.changes import random_write
from tests.support.trees.worlds import random_world
rng = Random(7)
world = random_world(rng)
print(world, random_write(rng, world))
"""


def changed(seed: int, number: int, reckless: int = 0) -> World:
    rng = Random(seed)
    world = random_world(rng)
    for _ in range(number):
        random_write(rng, world).apply(world)
    for _ in range(reckless):
        reckless_write(rng, world).apply(world)
    return world


def test_a_seed_is_the_same_world_in_every_process() -> None:
    rng = Random(7)
    world = random_world(rng)
    expected = f"{world} {random_write(rng, world)}\n"
    found = subprocess.run(
        [sys.executable, "-c", CHILD], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert found.stdout == expected


def test_random_worlds_are_small_sound_and_of_every_depth() -> None:
    depths: Counter[int] = Counter()
    for seed in range(60):
        world = changed(seed, 20)
        assert at_most_one_home(world.types.values())
        assert 2 <= len(world.people) <= 8
        assert 10 <= len(world.nodes) <= 60
        for node in world.nodes:
            assert len(ancestors_and_self(world, node)) <= world.deepest
        for each in (world.roles, world.teams):
            assert all(parent in each for row in each.values() for parent in row.parents)
        depths[sum(name.startswith("level") for name in world.types)] += 1
    assert set(depths) == set(range(1, DEEPEST_CHAIN_OF_TYPES + 1))


def test_every_kind_of_write_is_made_and_is_acceptable() -> None:
    kinds = set()
    for seed in range(15):
        rng = Random(seed)
        world = skeleton(rng)
        for write in building(rng, world):
            assert write.acceptable(world), write
            write.apply(world)
        for _ in range(40):
            write = random_write(rng, world)
            assert write.acceptable(world), write
            write.apply(world)
            kinds.add(type(write))
    assert kinds == {one for one in Write.__subclasses__() if one.__module__ == Write.__module__}


@pytest.mark.parametrize("first", range(0, len(MISREADINGS), 30))
def test_random_worlds_tell_every_misreading_of_the_rules(first: int) -> None:
    unseen = dict(list(MISREADINGS.items())[first : first + 30])
    for seed in range(400):
        world = changed(seed, 30, reckless=20 * (seed % 2))
        rng = Random(-seed)
        for _ in range(20):
            question = (
                world,
                rng.choice(world.askers()),
                rng.choice(world.places()),
                rng.choice(MOMENTS),
            )
            expected = allowed(*question)
            for sentence, misreading in list(unseen.items()):
                if misreading(*question).allowed() != expected:
                    del unseen[sentence]
        if not unseen:
            break
    assert not unseen


@pytest.mark.parametrize("name", EXAMPLES)
def test_an_example_can_be_made_again_by_writes_that_are_acceptable(name: str) -> None:
    world = EXAMPLES[name]().world
    copy, writes = taken_apart(world)
    perform(copy, *writes)
    assert copy == world


def test_a_world_can_be_made_again_by_its_writes() -> None:
    for seed in range(30):
        world = changed(seed, 20)
        copy, writes = taken_apart(world)
        for write in writes:
            write.apply(copy)
        assert copy == world


def test_a_story_is_shrunk_to_the_writes_that_make_it_fail() -> None:
    rng = Random(3)
    start = skeleton(rng)
    writes = building(rng, start)
    assigned = [write for write in writes if isinstance(write, Assign)]

    def fails(world: World, some: list[Write]) -> bool:
        return assigned[0] in some and assigned[-1] in some

    assert shrunk(start, writes, fails) == [assigned[0], assigned[-1]]
