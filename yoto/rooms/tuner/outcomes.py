"""Outcomes of applied suggestions, and the time of the last change, from the record of the
configuration."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from yoto.resilience import Change, Entry, Origin

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
        result: its outcome; ``observed`` while that is unknown.
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


def changed_at(entry: Entry, fields: Collection[str] | None = None) -> float:
    """Epoch s at which the entry was last changed, or a layer of it ended; 0: never.

    An operator's value that was taken back, or has run out, was in force until then.

    Args:
        fields: only layers with one of these count, where that is known; None: all.
    """

    def counts(values: Collection[str] | None) -> bool:
        # The fields of a removed layer are unknown.
        return fields is None or values is None or not set(fields).isdisjoint(values)

    times = [change.at for change in entry.layers if counts(change.values)]
    times += [change.ended_at for change in entry.ended if counts(change.values)]
    return max(times, default=0) / 1000
