"""Comparing a candidate with what is live."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from yoto.errors import PolicyError
from yoto.rooms.policies.result import Verdict
from yoto.rooms.policies.service.serving import DenyRate, Tally, jumped
from yoto.rooms.policies.shadow import (
    MAX_NAMES,
    OTHERS,
    UNKNOWN,
    FlipCounts,
    Shadow,
    report_of,
)
from yoto.rooms.policies.store.entry import StoredVersion
from yoto.rooms.policies.store.shadow_counts import StoredCounts
from yoto.rooms.policies.tables import PolicyKind, PolicyState

ALLOWED, DENIED = Verdict(True, ()), Verdict(False, ("time.closed",))
QUESTION: dict[str, Any] = {
    "subject": {"id": "42"},
    "action": {"name": "message.send"},
    "resource": {"scope": "channel", "id": 3},
}


class Candidate:
    """A compiled set that says the same of everything."""

    version = "candidate"
    reads: frozenset[str] = frozenset()

    def __init__(self, verdict: Verdict | None) -> None:
        self._verdict = verdict

    def evaluate(self, input_json: str) -> Verdict:
        if self._verdict is None:
            raise PolicyError("candidate", "no verdict")
        return self._verdict


def candidate_version() -> StoredVersion:
    return StoredVersion(
        id=7,
        kind=PolicyKind.REGO,
        name="time",
        version=2,
        source="",
        tests="",
        source_hash="",
        author="ada",
        comment="",
        state=PolicyState.CANDIDATE,
        sample=0.5,
        at=datetime.now(UTC),
    )


def test_a_flip_is_counted_for_whom_where_and_by_which_code() -> None:
    flips = FlipCounts()
    flips.add(QUESTION, ALLOWED, ALLOWED)
    flips.add(QUESTION, DENIED, Verdict(False, ("other",)))
    flips.add(QUESTION, ALLOWED, DENIED)
    flips.add({}, DENIED, ALLOWED)
    assert flips.to_plain() == {
        "directions": {"allow_to_deny": 1, "deny_to_allow": 1},
        "subjects": {"42": 1, UNKNOWN: 1},
        "denied": {"42": 1},
        "places": {"message.send channel:3": 1, f"{UNKNOWN} {UNKNOWN}:{UNKNOWN}": 1},
        "codes": {"time.closed": 2},
    }


def test_people_beyond_the_bound_are_counted_as_one() -> None:
    flips = FlipCounts()
    for number in range(MAX_NAMES + 5):
        flips.add({"subject": {"id": str(number)}}, ALLOWED, DENIED)
    assert len(flips.subjects) == MAX_NAMES + 1 and flips.subjects[OTHERS] == 5


def test_a_report_adds_up_what_each_process_counted() -> None:
    flips = FlipCounts()
    flips.add(QUESTION, ALLOWED, DENIED)
    counts = StoredCounts(10, 1, flips.to_plain())
    report = report_of(candidate_version(), [counts, counts])
    assert (report.evaluated, report.errors, report.allow_to_deny) == (20, 2, 2)
    assert (report.subjects, report.sample) == ({"42": 2}, 0.5)


def test_a_candidate_that_cannot_decide_counts_as_a_denial() -> None:
    woken: list[bool] = []
    shadow = Shadow(7, Candidate(None), 1.0, lambda: woken.append(True))  # type: ignore[arg-type]
    shadow.see("{}", ALLOWED)
    assert woken and shadow.counts().evaluated == 0, "nothing is evaluated in the decision's way"
    shadow.work()
    counts = shadow.counts()
    assert (counts.evaluated, counts.errors) == (1, 1)
    assert counts.flips["directions"] == {"allow_to_deny": 1}


def test_only_the_sample_is_compared() -> None:
    shadow = Shadow(7, Candidate(DENIED), 0.2, bool)  # type: ignore[arg-type]
    for _ in range(900):
        shadow.see("{}", ALLOWED)
    shadow.work()
    assert 0 < shadow.counts().evaluated < 450


def test_a_candidate_that_is_too_slow_misses_decisions_and_says_so() -> None:
    shadow = Shadow(7, Candidate(DENIED), 1.0, bool)  # type: ignore[arg-type]
    for _ in range(1_010):
        shadow.see("{}", ALLOWED)
    assert shadow.missed == 10


def test_denials_jump_when_their_share_rises_beyond_the_bound() -> None:
    before = DenyRate(100, 10)
    assert jumped(before, DenyRate(100, 31), 0.2)
    assert not jumped(before, DenyRate(100, 30), 0.2)
    assert not jumped(before, DenyRate(10, 10), 0.2), "too few to know"
    assert not jumped(DenyRate(0, 0), DenyRate(100, 100), 0.2), "nothing to compare with"


def test_a_tally_counts_denials() -> None:
    tally = Tally()
    assert tally.read().share is None
    tally.add(True)
    tally.add(False)
    assert tally.read() == DenyRate(2, 1) and tally.read().share == 0.5
