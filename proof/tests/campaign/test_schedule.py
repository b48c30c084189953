"""The same seed breaks the same things in the same order, and a long run breaks everything."""

from __future__ import annotations

from pathlib import Path

from proof.campaign.faults import FAULTS
from proof.campaign.schedule import load, one_of_each, plan, save

MINUTES_15, MINUTES_30 = 900.0, 1800.0


def names(seed: int, seconds: float) -> list[str]:
    return [one.fault for round_ in plan(seed, seconds, FAULTS) for one in round_.faults]


def test_a_seed_is_a_schedule() -> None:
    assert plan(7, MINUTES_15, FAULTS) == plan(7, MINUTES_15, FAULTS)
    assert plan(7, MINUTES_15, FAULTS) != plan(8, MINUTES_15, FAULTS)


def test_every_fault_comes_in_a_quarter_of_an_hour() -> None:
    for seed in range(20):
        assert set(names(seed, MINUTES_15)) == set(FAULTS)


def test_some_faults_overlap_and_some_want_to_be_alone() -> None:
    rounds = plan(1, MINUTES_30, FAULTS)
    pairs = [round_.faults for round_ in rounds if len(round_.faults) == 2]
    assert 0.1 * len(rounds) < len(pairs) < 0.5 * len(rounds)
    assert all(second.after < first.after + first.seconds for first, second in pairs)
    alone = {name for name, kind in FAULTS.items() if kind.alone}
    assert alone and not alone.intersection(one.fault for pair in pairs for one in pair)


def test_a_schedule_is_kept_for_a_replay(tmp_path: Path) -> None:
    rounds = plan(3, MINUTES_15, FAULTS)
    save(rounds, tmp_path / "schedule.json")
    assert load(tmp_path / "schedule.json") == rounds


def test_chosen_faults_come_in_their_order() -> None:
    chosen = ["redis-flushall", "worker-killed"]
    assert [one.fault for round_ in one_of_each(1, chosen) for one in round_.faults] == chosen


def test_every_fault_says_what_it_is_there_for() -> None:
    for name, kind in FAULTS.items():
        assert kind.branches and kind.__doc__, name
        assert 0 < kind.seconds[0] <= kind.seconds[1]
