"""The search finds nothing in our code, and each planted bug; its findings can be replayed."""

from __future__ import annotations

from pathlib import Path

import pytest

from proof.planted.bugs import PLANTED
from proof.simulation.bugs import BUG_HOURS, BUGS
from proof.simulation.case import Case
from proof.simulation.protocols import PROTOCOLS
from proof.simulation.runner import run, schedule, search, simulated
from proof.simulation.shrink import shrunken
from tests.support.require import LONG, TEST_ALL

SEED = 1
# Worker-hours a protocol.
HOURS = 20.0 if TEST_ALL else 0.2
# The bugs of ``make planted``.
OTHERS = [name for name, bug in PLANTED.items() if bug.protocol]


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_no_schedule_breaks_a_promise(protocol: str) -> None:
    totals = search(protocol, SEED, HOURS)
    assert totals.found is None, totals.found.violation
    assert totals.points > 1_000


@LONG
@pytest.mark.parametrize("name", BUGS)
def test_a_planted_bug_is_found_and_its_case_shrunken(name: str, tmp_path: Path) -> None:
    totals = search(BUGS[name].protocol, SEED, BUG_HOURS, name)
    assert totals.found is not None, f"{totals.points} steps show nothing"
    with simulated(name):
        small = shrunken(totals.found)
    assert len(small.case.plan) < len(totals.found.case.plan) / 2
    small.case.save(tmp_path / "case.json")
    case = Case.load(tmp_path / "case.json")
    with simulated(name):
        assert run(case).violation == small.violation
    with simulated():
        assert run(case).violation is None


@LONG
@pytest.mark.parametrize("name", OTHERS)
def test_a_bug_that_others_planted_is_found_and_nothing_without_it(name: str) -> None:
    totals = search(PLANTED[name].protocol, SEED, BUG_HOURS, name)
    assert totals.found is not None, f"{totals.points} steps show nothing"
    with simulated():
        assert run(totals.found.case).violation is None


def test_who_came_after_the_log_fell_silent_takes_no_entry_of_an_earlier_flight() -> None:
    """A worker stood still while it loaded, and the entry that it found then in Redis was as old as
    that: a later caller of the same worker, who joined its flight, must not get it."""
    with simulated():
        assert schedule("floors", 888).violation is None


@LONG
@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_a_replay_of_what_was_met_is_the_same_to_the_last_step(protocol: str) -> None:
    with simulated():
        drawn = schedule(protocol, SEED + 2)
        first, second = run(drawn.case), run(drawn.case)
    assert drawn.trace == first.trace == second.trace
