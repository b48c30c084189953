"""Outcomes of applied suggestions, from the record of the configuration."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from ..config_store import Change, Origin
from .trial import NOT_APPLIED, OVERRULED, Trial


class TuningResult(StrEnum):
    """The result of a trial."""

    OBSERVED = "observed"
    KEPT = "kept"
    REVERTED = "reverted"


@dataclass(frozen=True, slots=True)
class TuningOutcome:
    """A suggestion that was applied.

    Attributes:
        trial: the change, and the observed measurement.
        author, reason: who applied it and why.
        result: its outcome; ``observed`` while that is not known.
        ended_at: epoch s; None while it goes on.
        why: the measurements, in words; empty while it goes on.
    """

    trial: Trial
    author: str
    reason: str
    result: TuningResult = TuningResult.OBSERVED
    ended_at: float | None = None
    why: str = ""


def outcomes_of(changes: Sequence[Change]) -> list[TuningOutcome]:
    """The outcomes in changes of the entry, newest first as they are."""
    found: list[TuningOutcome] = []
    current: TuningOutcome | None = None
    for change in reversed(changes):
        if change.origin is not Origin.TUNER:
            continue
        values = change.values or {}
        trial = Trial.of(values.get("trial"))
        if current is not None and trial != current.trial:
            back = current.trial.id in values.get("reverted", ())
            back = back or change.reason in (OVERRULED, NOT_APPLIED)
            result = TuningResult.REVERTED if back else TuningResult.KEPT
            ended = replace(current, result=result, ended_at=change.at / 1000, why=change.reason)
            found.append(ended)
            current = None
        if trial is not None and current is None:
            current = TuningOutcome(trial, change.author, change.reason)
    if current is not None:
        found.append(current)
    return found[::-1]
