"""A campaign fails by a violation, by a promise, and by a branch that nothing showed."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest

from proof.campaign.faults import FAULTS
from proof.campaign.judge import judge
from proof.campaign.probes import Recovery
from proof.campaign.runner import Occurrence, Result
from proof.campaign.schedule import Planned
from proof.campaign.table import markdown

NAME = "redis-script-flush"
BRANCH = FAULTS[NAME].branches[0].name


def occurrence(seconds: float) -> Occurrence:
    one = Occurrence(Planned(NAME, 0.0, 1.0, 1), FAULTS[NAME](), 1.0, 2.0, "all six")
    one.recovery = Recovery(seconds / 2, seconds)
    return one


@pytest.fixture
def result(tmp_path: Path) -> Result:
    return Result(
        7,
        [NAME],
        [occurrence(1.0), occurrence(4.0), occurrence(2.0)],
        {NAME: {BRANCH: "NOSCRIPT from Redis, 3 times"}},
        {NAME: (120, 4)},
        judgement=judge(tmp_path),
    )


def test_it_passes_with_all_branches_and_no_violation(result: Result) -> None:
    assert result.failures == []
    table = markdown(result, "abc1234")
    assert "seed 7" in table and "abc1234" in table and "**Passed.**" in table
    row = f"| {NAME} | 3 | 120 | 4 | {BRANCH}: `NOSCRIPT from Redis, 3 times` | 2.0 | 4.0 |"
    assert row in table.splitlines()


def test_a_branch_that_nothing_showed_fails_it(result: Result) -> None:
    result.reached[NAME][BRANCH] = ""
    assert result.failures == [f"never reached: {NAME}: {BRANCH}"]
    assert f"{BRANCH}: **never**" in markdown(result, "abc1234")


def test_a_broken_promise_and_a_violation_fail_it(result: Result) -> None:
    result.broken.append("app1 ended by itself")
    assert result.judgement is not None
    name, finding = next(iter(result.judgement.findings.items()))
    finding.violations.append("two at once")
    assert result.failures == [f"violation: {name}: two at once", "promise: app1 ended by itself"]


def test_a_fault_from_which_nobody_recovered_has_no_worst_time(result: Result) -> None:
    result.occurrences.append(dataclasses.replace(occurrence(1.0), recovery=Recovery()))
    assert "| 2.0 | none |" in markdown(result, "abc1234")


def test_what_could_not_be_tried_is_said_at_the_head(result: Result) -> None:
    assert "Left out" not in markdown(result, "abc1234")
    result.left_out = ["redis-clock-back", "prometheus-killed"]
    head = markdown(result, "abc1234").partition("| fault |")[0]
    assert "not installed: redis-clock-back, prometheus-killed." in head
