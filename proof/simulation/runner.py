"""Runs cases, and searches for one that breaks a promise."""

from __future__ import annotations

import random
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from proof.simulation.bugs import planted
from proof.simulation.case import Case
from proof.simulation.current import running
from proof.simulation.protocols import PROTOCOLS
from proof.simulation.redis_model import link as model
from proof.simulation.scheduler import Item, World
from proof.simulation.virtual import substituted
from yoto.optimization.lock.holding import Holding
from yoto.redis import link as real

# Perturbations a point, in a search.
RATES = (0.0, 0.01, 0.04, 0.12)
# Virtual s of a schedule.
SECONDS = 30.0
# How many times as long one in so many is, with as many events, for faults that take minutes.
# Planted bugs take less, and are looked for without them.
PACE, ONE_IN = 60.0, 8
# Virtual s that the last checks may take.
LAST = 30.0


@dataclass(frozen=True)
class Outcome:
    """How a run ended.

    Attributes:
        case: with the perturbations that were met.
        violation: the promise that was broken, or None.
        ended: virtual moment.
        trace: a hash of all that happened.
        worker_seconds: virtual time that workers lived.
        points: steps at which something could have happened.
    """

    case: Case
    violation: str | None
    ended: float
    trace: str
    worker_seconds: float
    points: int


@dataclass
class Totals:
    """The work of a search, in numbers.

    Attributes:
        processor: seconds.
        found: the first run that broke a promise, if one did.
    """

    schedules: int = 0
    worker_seconds: float = 0.0
    points: int = 0
    processor: float = 0.0
    found: Outcome | None = None


@contextmanager
def simulated(bug: str = "") -> Iterator[None]:
    """The code under test is in the simulation, with a planted bug, if one is named."""
    with planted(bug), substituted((real.Link, model.Link)), _walked_in_order():
        yield


@contextmanager
def _walked_in_order() -> Iterator[None]:
    """Sets of locks that are held are walked in an order that runs have in common: by their tokens,
    and not by where they lie in memory."""

    def by_token(holding: Holding) -> int:
        return hash(holding.token)

    setattr(Holding, "__hash__", by_token)
    try:
        yield
    finally:
        delattr(Holding, "__hash__")


def run(case: Case, seed: int | None = None, rate: float = 0.0) -> Outcome:
    """Run a case; with a seed, perturbations are drawn in place of the case's own.

    Must be called within ``simulated()``.
    """
    world = World(seed, case.perturbations, rate, case.seconds)
    with running(world):
        protocol = PROTOCOLS[case.protocol](world)
        protocol.begin(case.events, case.seconds)
        world.run(case.seconds + (protocol.calm + LAST if case.to_the_end else 0.0))
        if case.to_the_end and not world.finished:
            world.violate("the last checks do not end")
        workers = [one for one in world.workers if one.number >= 0]
        ends = [world.now if one.ended is None else one.ended for one in workers]
        lived = sum(end - one.began for end, one in zip(ends, workers, strict=True))
        trace = world.trace
        world.close()
    plan: list[Item] = [*case.events, *world.perturbations]
    return Outcome(case.having(plan), world.violation, world.now, trace, lived, world.points)


def schedule(protocol: str, seed: int, seconds: float = SECONDS, bug: str = "") -> Outcome:
    """The run that a seed gives."""
    dice = random.Random(f"{protocol} {seed}")
    pace = PACE if dice.randrange(ONE_IN) == 0 and not bug else 1.0
    plan = PROTOCOLS[protocol].plan(dice, seconds * pace, pace)
    return run(Case(protocol, seconds * pace, plan, bug), seed, dice.choice(RATES))


def search(protocol: str, seed: int, worker_hours: float, bug: str = "") -> Totals:
    """Run schedules until so much virtual time was lived, or a promise was broken."""
    totals = Totals()
    began = time.process_time()
    with simulated(bug):
        while totals.worker_seconds < worker_hours * 3600 and totals.found is None:
            outcome = schedule(protocol, seed + totals.schedules, bug=bug)
            totals.schedules += 1
            totals.worker_seconds += outcome.worker_seconds
            totals.points += outcome.points
            if outcome.violation is not None:
                totals.found = outcome
    totals.processor = time.process_time() - began
    return totals
