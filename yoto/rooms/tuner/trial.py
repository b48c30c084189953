"""A change under observation, and the next action on it."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from enum import StrEnum
from statistics import fmean
from typing import Any

from yoto.monitor.history import Point

from .verdict import Verdict, compare, readings

# Share of the window: the time before a change is judged, since memory fills only as it is asked.
SETTLE = 0.2
# Multiple of the time that a verdict needs, after which none will come.
PATIENCE = 3
# Why a trial ends whose setting no longer belongs to the tuner.
OVERRULED = "an operator has set it"
# Why a trial ends whose value is not in force: the process that began it could not finish.
NOT_APPLIED = "it was not applied"
_TOO_LITTLE = "was measured too little to tell"
_VERDICT = re.compile(
    rf".+ was (?P<before>\S+) and became (?P<after>\S+): (?P<verdict>{'|'.join(Verdict)})"
)

# The points that began in [since, until), epoch s.
Points = Callable[[float, float], Sequence[Point]]


class TuningStep(StrEnum):
    """The next action on a trial."""

    WAIT = "wait"
    KEEP = "keep"
    REVERT = "revert"


@dataclass(frozen=True, slots=True)
class Trial:
    """One change of one setting.

    Attributes:
        setting: the changed setting.
        before: its value in the tuner's layer until then; None: it had none.
        value: the value on trial.
        metric: the measurement that must not get worse.
        at: epoch s at which it was made, by the clock of the monitor's store.
    """

    setting: str
    before: float | None
    value: float
    metric: str
    at: float

    @classmethod
    def of(cls, stored: Mapping[str, Any] | None) -> Trial | None:
        """The trial of an entry's field."""
        if stored is None:
            return None
        # 1.0.0 also stored whether it had begun one itself.
        return cls(**{name: value for name, value in stored.items() if name != "by_itself"})

    def to_plain(self) -> dict[str, Any]:
        """The trial in its stored form."""
        return asdict(self)

    @property
    def id(self) -> str:
        """The id of the suggestion that was followed."""
        return f"{self.setting}={self.value:.10g}"


def next_step(trial: Trial, now: float, window: float, points: Points) -> tuple[TuningStep, str]:
    """The next action on ``trial``, and why.

    It is reverted only if it did harm, since an operator asked for it.
    """
    due = trial.at + window * (1 + SETTLE)
    if now < due:
        return TuningStep.WAIT, "it is being observed"
    before = readings(points(trial.at - window, trial.at), trial.metric)
    after = readings(points(max(due, now) - window, now), trial.metric)
    verdict = compare(before, after, trial.metric)
    if verdict is Verdict.UNKNOWN:
        why = f"{trial.metric} {_TOO_LITTLE}"
        if now < trial.at + PATIENCE * (due - trial.at):
            return TuningStep.WAIT, why
        return TuningStep.KEEP, why
    why = f"{trial.metric} was {fmean(before):.4g} and became {fmean(after):.4g}: {verdict.value}"
    return (TuningStep.REVERT if verdict is Verdict.WORSE else TuningStep.KEEP), why


def outcome_of(why: str) -> tuple[str, dict[str, float]]:
    """The end of a trial, by ``next_step`` or an operator's override, as a code and figures.

    The code is a verdict with ``before`` and ``after``, ``too_little``, ``overruled``,
    ``not_applied``, or empty for anything else.
    """
    found = _VERDICT.fullmatch(why)
    if found is not None:
        return found["verdict"], {
            "before": float(found["before"]),
            "after": float(found["after"]),
        }
    if why.endswith(_TOO_LITTLE):
        return "too_little", {}
    return {OVERRULED: "overruled", NOT_APPLIED: "not_applied"}.get(why, ""), {}
