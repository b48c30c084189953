"""Suggestions for tuning, and their results. The configuration store audits applied ones."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Annotated, Any, TypedDict

from flask import current_app

from yoto.auth.operators import OPERATE, VIEW
from yoto.http.fields import Name
from yoto.http.operation import Author, Command, Reason, Subject
from yoto.moments import Epoch
from yoto.operate.live.views import SuggestionReport

from .outcomes import TuningOutcome, TuningResult
from .trial import outcome_of, unit_of_measure
from .tunables import tunable_of
from .tuner import Tuner
from .wiring import tuner_of

# The id of a present or dismissed suggestion.
SuggestionId = Annotated[str, partial(Name, 128)]

suggestions = Subject(
    "suggestions",
    "/suggestions",
    "What could be tuned, and what came of it",
    "suggestion",
    "suggestions",
    "See and follow suggestions to tune settings.",
)


class Outcome(TypedDict):
    """A suggestion that was applied, and its result."""

    id: str
    setting: str
    key: str
    unit: str
    before: Annotated[float | None, "null: as configured"]
    value: float
    metric: str
    metric_unit: str | None
    at: Epoch
    author: str
    reason: str
    result: TuningResult
    ended_at: Epoch | None
    why: Annotated[str, "The verdict in words"]
    verdict: Annotated[str, "better, same, worse, too_little, overruled, not_applied; or empty"]
    figures: Annotated[dict[str, Any], "`before` and `after`, where it was measured"]


class Suggestions(TypedDict):
    """Present suggestions, the surest first; none while a change is being observed."""

    items: list[SuggestionReport]
    observed: Outcome | None
    window: Annotated[float, "s that are compared before and after a change"]
    outcomes: list[Outcome]
    dismissed: list[str]


suggestions.names = {SuggestionReport: "Suggestion", Outcome: "TuningOutcome"}


def _lines(found: Suggestions) -> Iterator[str]:
    if found["observed"] is not None:
        yield f"{found['observed']['id']} is being observed; nothing is suggested meanwhile."
    for one in found["items"]:
        how = "" if one["live"] else " (needs a restart)"
        yield f"{one['id']}  now {one['now']:g}, confidence {one['confidence']:.0%}{how}"
        yield f"  why: {one['why']}"
        yield f"  effect: {one['effect']}"
    if found["observed"] is None and not found["items"]:
        yield "Nothing is suggested."


def _applied(found: Suggestions, **given: Any) -> Iterator[str]:
    if (one := found["observed"]) is not None:
        before = "before: as configured" if one["before"] is None else f"was {one['before']:g}"
        yield f"{one['setting']} is {one['value']:g} ({before})."
        yield f"{one['metric']} is observed for {found['window']:g} s."


def _dismissed(found: Suggestions, id: str, **given: Any) -> list[str]:
    return [f"{id} is not suggested any more."]


def _restored(found: Suggestions, id: str, **given: Any) -> list[str]:
    return [f"{id} may be suggested again."]


@suggestions.operation("GET", "", VIEW, Command("list", _lines))
def list_suggestions() -> Suggestions:
    """Present suggestions, the change being observed, and results of earlier ones"""
    tuner = _tuner()
    outcomes = [_shown(one) for one in tuner.outcomes()]
    running = TuningResult.OBSERVED
    return {
        "items": [one.to_plain() for one in tuner.suggestions()],
        "observed": next((one for one in outcomes if one["result"] is running), None),
        "window": tuner.window,
        "outcomes": [one for one in outcomes if one["result"] is not running],
        "dismissed": list(tuner.dismissed()),
    }


@suggestions.operation(
    "POST",
    "/apply",
    OPERATE,
    Command("apply", _applied, arguments=("id",)),
    body="SuggestionAct",
)
def apply_suggestion(id: SuggestionId, reason: Reason, by: Author) -> Suggestions:
    """Apply a suggestion in all workers; it is taken back if it does harm"""
    _tuner().apply(id, author=by, reason=reason)
    return list_suggestions()


@suggestions.operation(
    "POST",
    "/restore",
    OPERATE,
    Command("restore", _restored, arguments=("id",)),
    body="SuggestionAct",
)
def restore_suggestion(id: SuggestionId, reason: Reason, by: Author) -> Suggestions:
    """Allow a dismissed suggestion to be made again"""
    _tuner().restore(id, author=by, reason=reason)
    return list_suggestions()


@suggestions.operation(
    "POST",
    "/dismiss",
    OPERATE,
    Command("dismiss", _dismissed, arguments=("id",)),
    body="SuggestionAct",
)
def dismiss_suggestion(id: SuggestionId, reason: Reason, by: Author) -> Suggestions:
    """Dismiss a suggestion, so that it is not made again"""
    _tuner().dismiss(id, author=by, reason=reason)
    return list_suggestions()


def _tuner() -> Tuner:
    return tuner_of(current_app._get_current_object())  # type: ignore[attr-defined]


def _shown(outcome: TuningOutcome) -> Outcome:
    trial = outcome.trial
    tunable, (verdict, figures) = tunable_of(trial.setting), outcome_of(outcome.why)
    return {
        "id": trial.id,
        "setting": trial.setting,
        "key": tunable.key,
        "unit": tunable.unit,
        "before": trial.before,
        "value": trial.value,
        "metric": trial.metric,
        "metric_unit": unit_of_measure(trial.metric),
        "at": trial.at,
        "author": outcome.author,
        "reason": outcome.reason,
        "result": outcome.result,
        "ended_at": outcome.ended_at,
        "why": outcome.why,
        "verdict": verdict,
        "figures": dict(figures),
    }
