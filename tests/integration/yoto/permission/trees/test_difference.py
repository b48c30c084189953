"""The difference between two moments, against two reviews: one at each.

Random worlds go through writes of all kinds that the audit log has a record of; in the end their
roles and teams are deleted. Rows of the application (where nodes lie, who belongs) stay as they
are: no record says what they were.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from random import Random
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import event

from app.extensions import permissions
from tests.integration.yoto.permission.conftest import Clock
from tests.integration.yoto.permission.trees.replaying import DeleteNode, Replay
from tests.integration.yoto.permission.trees.tables import moment
from tests.support.examples import some_of
from tests.support.require import TEST_ALL
from tests.support.trees import changes as c
from tests.support.trees import model
from tests.support.trees import writes as w
from tests.support.trees.changes import Maker, accepted
from tests.support.trees.model import NodeId, World
from tests.support.trees.worlds import building, skeleton
from tests.support.trees.writes import Write
from yoto.errors import UnknownResource
from yoto.store.models import AuditRecord

# In these three somebody's rights are turned; others, of which some turn nobody's, on demand.
SURE = (11, 5, 2)
SEEDS = (*some_of(SURE, 2), *range(100, 100 + int(os.environ.get("YOTO_TEST_STORIES", "0"))))
WRITES, DELETIONS, QUESTIONS, PAIRS = 40, 8, 8, 12 if TEST_ALL else 6
SECONDS = 5.0  # from one write to the next
EVERY = 1 if TEST_ALL else 4  # so many writes are from one review to the next

# A question, and the people who can at the time; None: the place is not there.
Question = tuple[str, NodeId]
Review = dict[Question, set[int] | None]

RECORDED: dict[Maker, int] = {
    make: weight
    for make, weight in c.CHANGES.items()
    if make
    not in (c.put_node, c.move_node, c.set_owner, c.set_sync, c.join, c.leave, c.ban, c.time_out)
}


@pytest.fixture
def log_clock() -> Iterator[Clock]:
    """When records of the audit log are made."""
    found = Clock()

    def set_time(mapper: Any, connection: Any, record: AuditRecord) -> None:
        record.at = datetime.fromtimestamp(found(), UTC)

    event.listen(AuditRecord, "before_insert", set_time)
    yield found
    event.remove(AuditRecord, "before_insert", set_time)


def some_write(rng: Random, replay: Replay) -> Write | None:
    """One that has a record: other accounts than programs are rows of the application, and so are
    roles of people where they do not belong.
    """
    make = rng.choices(*zip(*RECORDED.items(), strict=True))[0]
    write = accepted(make, rng, replay.world)
    if isinstance(write, w.SetDisabled) and isinstance(write.account, model.Person):
        return None
    if isinstance(write, w.Assign) and isinstance(write.subject, model.Person):
        if write.node is None and replay._is_outside(write):
            return None
    return write


def review(replay: Replay, questions: list[Question]) -> Review:
    def who(name: str, node: NodeId) -> set[int] | None:
        try:
            page = permissions.review.who_can(name, *replay.place(node), limit=1000, numbers=True)
        except UnknownResource:
            return None
        return {line.user_id for line in page.lines}

    return {one: who(*one) for one in questions}


def deletions(rng: Random, replay: Replay) -> list[Callable[[], Any]]:
    """Deletions of roles and teams with all that they have, and of nodes that nothing is below."""
    world = replay.world
    calls: list[Callable[[], Any]] = []
    for id_, role in world.roles.items():
        if not role.default:
            calls.append(lambda gone=replay._roles[id_]: permissions.delete_role(gone))
    for team in replay._teams.values():
        calls.append(lambda gone=team: permissions.delete_team(gone))
    for node in world.nodes:
        if (gone := DeleteNode(node)).acceptable(world):
            calls.append(lambda gone=gone: replay._perform(gone))
            break
    return rng.sample(calls, min(len(calls), DELETIONS))


def story(rng: Random, replay: Replay) -> Iterator[Callable[[], Any]]:
    for _ in range(WRITES):
        write = some_write(rng, replay)
        if write is not None:
            yield lambda write=write: replay.perform(write)
    yield from deletions(rng, replay)


@pytest.mark.parametrize("seed", SEEDS)
def test_a_difference_is_that_of_the_reviews_at_its_two_moments(
    trees: Flask, clock: Clock, log_clock: Clock, seed: int
) -> None:
    rng = Random(seed)
    world: World = skeleton(rng, seed % 8 + 1)
    now = log_clock.now = clock.now = c.MOMENTS[0] - SECONDS * WRITES / 3
    replay = Replay(trees, clock, world)
    replay.make()
    replay.perform_all(building(rng, world))
    places = [(name, node) for name in world.permissions for node in world.nodes]
    questions = rng.sample(places, min(len(places), QUESTIONS))
    reviews: list[tuple[float, Review]] = []
    for number, do in enumerate(story(rng, replay)):
        now += SECONDS
        clock.now = now
        if number % EVERY == 0:
            reviews.append((now, review(replay, questions)))
        log_clock.now = now + SECONDS / 2
        do()
    turned = 0
    clock.now = now + SECONDS
    still = review(replay, questions)
    for _ in range(PAIRS):
        first, second = sorted(rng.sample(range(len(reviews)), 2))
        (since, before), (until, after) = reviews[first], reviews[second]
        for (name, node), could in before.items():
            can = after[name, node]
            if could is None or can is None or still[name, node] is None:
                continue
            found = permissions.review.difference(
                name, *replay.place(node), since=moment(since), until=moment(until), numbers=True
            )
            told = (seed, name, node, first, second)
            assert {turn.user_id for turn in found.gained} == can - could, told
            assert {turn.user_id for turn in found.lost} == could - can, told
            assert not any("does not hold" in note for note in found.unknown), told
            turned += len(found.gained) + len(found.lost)
    assert turned or seed not in SURE, "nothing that anybody could notice was done"
