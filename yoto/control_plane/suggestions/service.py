"""Suggestions as operators see them. The configuration store audits what is applied."""

from __future__ import annotations

from typing import Any

from flask import current_app

from yoto.monitor import lever_of, unit_of_measure
from yoto.resilience import Tuner, TuningOutcome, outcome_of
from yoto.wiring import tuner_of

OBSERVED = "observed"


def state() -> dict[str, Any]:
    """What is suggested, observed and past.

    Raises:
        StoreUnavailable: a store that is needed is away.
    """
    tuner = _tuner()
    outcomes = [_shown(one) for one in tuner.outcomes()]
    return {
        "items": [one.to_plain() for one in tuner.suggestions()],
        "observed": next((one for one in outcomes if one["result"] == OBSERVED), None),
        "window": tuner.settings.window,
        "outcomes": [one for one in outcomes if one["result"] != OBSERVED],
        "dismissed": tuner.dismissed(),
    }


def apply(suggestion_id: str, by: str, reason: str) -> dict[str, Any]:
    """Follow a suggestion; raises as ``Tuner.apply``."""
    _tuner().apply(suggestion_id, author=by, reason=reason)
    return state()


def dismiss(suggestion_id: str, by: str, reason: str) -> dict[str, Any]:
    """Do not suggest that again; raises as ``Tuner.dismiss``."""
    _tuner().dismiss(suggestion_id, author=by, reason=reason)
    return state()


def restore(suggestion_id: str, by: str, reason: str) -> dict[str, Any]:
    """Let it be suggested again; raises as ``Tuner.restore``."""
    _tuner().restore(suggestion_id, author=by, reason=reason)
    return state()


def _tuner() -> Tuner:
    return tuner_of(current_app._get_current_object())  # type: ignore[attr-defined]


def _shown(outcome: TuningOutcome) -> dict[str, Any]:
    lever = lever_of(outcome.trial.setting)
    verdict, figures = outcome_of(outcome.why)
    return {
        "id": outcome.trial.id,
        **outcome.trial.to_plain(),
        "key": lever.key,
        "unit": lever.unit,
        "metric_unit": unit_of_measure(outcome.trial.metric),
        "verdict": verdict,
        "figures": figures,
        "author": outcome.author,
        "reason": outcome.reason,
        "result": outcome.result.value,
        "ended_at": outcome.ended_at,
        "why": outcome.why,
    }
