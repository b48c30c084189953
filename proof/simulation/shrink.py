"""Makes a failing case small: needless items are left out, and the others are calmed."""

from __future__ import annotations

from collections.abc import Iterator

from proof.simulation.case import Case
from proof.simulation.runner import Outcome, run
from proof.simulation.scheduler import Item

# Runs that one case may cost.
MOST_RUNS = 300
# Virtual s of a run of which nothing else is tried first.
WINDOWS = (1.0, 2.0, 4.0, 8.0, 16.0, 32.0)
# Virtual s before the first operation, in which workers start.
START = 1.0


class Shrinking:
    """Ever smaller cases that fail.

    Source: delta debugging (A. Zeller, R. Hildebrandt: "Simplifying and Isolating Failure-Inducing
    Input", 2002), over operations, incidents and perturbations alike.

    Attributes:
        best: the smallest run that failed so far.
    """

    def __init__(self, failing: Outcome) -> None:
        self.best = failing
        self._runs = 0

    def fails(self, case: Case) -> bool:
        """Whether a case breaks a promise, too; then it is the best."""
        if self._runs >= MOST_RUNS:
            return False
        self._runs += 1
        outcome = run(case)
        if outcome.violation is None:
            return False
        self.best = outcome
        if outcome.ended < outcome.case.seconds or not outcome.case.to_the_end:
            # The rest of the plan had no part in it.
            ended = run(outcome.case.until(outcome.ended))
            self.best = ended if ended.violation is not None else outcome
        return True

    def begin_late(self) -> None:
        """Keep only what happened in the last seconds, as few as will do; all else goes faster."""
        case = self.best.case
        for seconds in WINDOWS:
            begin = case.seconds - seconds
            plan = [one for one in case.plan if one.get("at", begin) >= begin]
            if begin <= START or self.fails(case.having(plan).earlier(begin - START)):
                return

    def leave_out(self) -> None:
        """Leave out ever smaller parts, until no single item can go."""
        size = max(1, len(self.best.case.plan) // 2)
        before = -1
        while size > 1 or before != len(self.best.case.plan):
            before = len(self.best.case.plan)
            at = 0
            while at < len(plan := self.best.case.plan):
                # Without the part, the next one has moved here.
                if not self.fails(self.best.case.having(plan[:at] + plan[at + size :])):
                    at += size
            size = max(1, size // 2)

    def calm(self) -> None:
        """Let it begin at once, and last less."""
        moments = [one["at"] for one in self.best.case.events]
        if moments and moments[0] > START:
            self.fails(self.best.case.earlier(moments[0] - START))
        for index in range(len(self.best.case.plan)):
            for change in _calmer(self.best.case.plan[index : index + 1]):
                plan = list(self.best.case.plan)
                plan[index] = change
                if self.fails(self.best.case.having(plan)):
                    break


def shrunken(failing: Outcome) -> Outcome:
    """A run that breaks a promise too, with as little as could be found.

    Raises:
        AssertionError: a replay does not fail.
    """
    shrinking = Shrinking(failing)
    assert shrinking.fails(failing.case), f"a replay does not show it: {failing.violation}"
    shrinking.begin_late()
    shrinking.leave_out()
    shrinking.calm()
    shrinking.leave_out()
    return shrinking.best


def _calmer(items: list[Item]) -> Iterator[Item]:
    """The same item with less to it."""
    for item in items:
        for part in ("for", "long"):
            if item.get(part, 0.0) > 0.1:
                yield item | {part: round(item[part] / 4, 4)}
