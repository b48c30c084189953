"""The state machine of alerts. Pure: tracks, values and a time in; tracks and transitions out.

A series is quiet, pending (bad, but not for long enough), or firing at a level. It becomes firing
once, whatever its value does then; its level goes up and down; and it ends by itself.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from yoto.monitor import names
from yoto.monitor.alert_rules import AlertRule, Level, level_of
from yoto.monitor.recording import COUNTER_ENDING
from yoto.monitor.series_names import name_and_labels, with_labels
from yoto.monitor.signals import Direction, Value

from .track import Track, observe

# s. After a longer pause between two evaluations, the time between them counts as unknown.
LONGEST_GAP = 60.0
# s without a value after which one of several series, such as that of a worker, is taken for gone.
GONE_AFTER = 3600.0
# Series that one rule follows; more than that means an unsuitable label.
MOST_SERIES = 500


class Kind(StrEnum):
    """The kind of a transition."""

    RAISED = "raised"
    CHANGED = "changed"
    RESOLVED = "resolved"


class Cause(StrEnum):
    """The cause of a transition."""

    VALUE = "value"  # the value went beyond a threshold, or came back
    UNKNOWN = "unknown"  # there was no value for a long time
    GONE = "gone"  # the series ended
    RULE = "rule"  # the rule was removed or switched off


@dataclass(frozen=True, slots=True)
class Transition:
    """One step of one alert.

    Attributes:
        kind: the kind of step.
        key: the rule and the labels as one text; at most one alert of a key is open.
        rule, labels: the alert's source.
        old, new: its level; None for no alert.
        value: the last one known.
        limit: the threshold of the level, at the end that of the worst one; None for an alert about
            an unknown value, or whose rule or series is gone.
        peak_level, peak_value: the worst since it was raised; no value: none was known.
        cause: the cause of the step.
        text: for people.
    """

    kind: Kind
    key: str
    rule: str
    labels: Mapping[str, str]
    old: Level | None
    new: Level | None
    value: float | None
    limit: float | None
    peak_level: Level
    peak_value: float | None
    cause: Cause
    text: str


@dataclass(frozen=True, slots=True)
class EvaluationResult:
    """The result of an evaluation.

    Attributes:
        tracks: input of the next step.
        transitions: the transitions.
        refused: names of series that could not be read or were too many.
    """

    tracks: dict[str, Track]
    transitions: list[Transition]
    refused: list[str] = field(default_factory=list)


def step(
    rules: Iterable[AlertRule],
    tracks: Mapping[str, Track],
    values: Mapping[str, Value],
    now: float,
) -> EvaluationResult:
    """Evaluate every rule once.

    Args:
        rules: with names of their own.
        tracks: from the previous step, by key.
        values: series name to value; see ``yoto.monitor.signals``. While any worker recorded, a
            counter that is not among them stood still.
        now: seconds; a clock that all evaluations share.
    """
    result = EvaluationResult({}, [])
    samples = _by_metric(values, result.refused)
    watched = {rule.name: rule for rule in rules if rule.enabled}
    left = dict(tracks)
    recorded = Direction.LOW.worst(values.get(names.FLUSHED_SECONDS)) or 0.0
    still = 0.0 if recorded > 0 else None
    for rule in watched.values():
        seen: set[str] = set()
        missing = still if rule.metric.endswith(COUNTER_ENDING) else None
        for labels, value in samples.get(rule.metric) or [({}, missing)]:
            key = with_labels(rule.name, {**labels, **rule.labels})
            if key in seen or len(seen) >= MOST_SERIES:
                result.refused.append(with_labels(rule.metric, labels))
                continue
            seen.add(key)
            _look(result, rule, key, left.pop(key, None), rule.direction.worst(value), now)
    for key, track in left.items():
        name, labels = name_and_labels(key)
        if name in watched:
            rule = watched[name]
            missing = still if rule.metric.endswith(COUNTER_ENDING) else None
            _look_at_missing(result, rule, key, labels, track, missing, now)
        elif track.rank:
            result.transitions.append(_ended(key, track, Cause.RULE))
    return result


def _by_metric(
    values: Mapping[str, Value], refused: list[str]
) -> dict[str, list[tuple[Mapping[str, str], Value]]]:
    found: dict[str, list[tuple[Mapping[str, str], Value]]] = {}
    for text in sorted(values):
        try:
            name, labels = name_and_labels(text)
        except ValueError:
            refused.append(text)
            continue
        found.setdefault(name, []).append((labels, values[text]))
    return found


def _look(
    result: EvaluationResult,
    rule: AlertRule,
    key: str,
    track: Track | None,
    value: float | None,
    now: float,
) -> None:
    after = observe(rule, track, value, now, LONGEST_GAP)
    result.transitions.extend(_transitions(rule, key, track or Track(at=now), after))
    if not (after.quiet or _forgettable(rule, after)):
        result.tracks[key] = after


def _look_at_missing(
    result: EvaluationResult,
    rule: AlertRule,
    key: str,
    labels: Mapping[str, str],
    track: Track,
    value: float | None,
    now: float,
) -> None:
    """Step a series that is missing among the present values; ``value`` is used instead."""
    after = observe(rule, track, value, now, LONGEST_GAP)
    # A series without labels of its own stood for the whole metric, which has other series now.
    gone = labels == rule.labels or after.unknown_for >= GONE_AFTER
    if not gone:
        _look(result, rule, key, track, value, now)
    elif track.rank:
        result.transitions.append(_ended(key, track, Cause.GONE))


def _forgettable(rule: AlertRule, track: Track) -> bool:
    """Whether an unknown value leaves nothing to wait for."""
    waits = rule.unknown_after is not None or track.rank or track.pending
    return not track.known and not waits


def _transitions(rule: AlertRule, key: str, before: Track, after: Track) -> Iterator[Transition]:
    if after.rank == before.rank:
        return
    old, new = level_of(before.rank), level_of(after.rank)
    kind = Kind.RAISED if old is None else Kind.RESOLVED if new is None else Kind.CHANGED
    cause = Cause.UNKNOWN if after.unknown_rank > after.level else Cause.VALUE
    # A resolved alert shows its worst value.
    shown = before if new is None else after
    limit = rule.limit(after.rank) if after.rank else _limit_of(rule, shown)
    name, labels = name_and_labels(key)
    yield Transition(
        kind,
        key,
        name,
        labels,
        old,
        new,
        after.value,
        None if cause is Cause.UNKNOWN else limit,
        _level(shown.peak_rank),
        shown.peak,
        cause,
        text_of(rule, shown),
    )


def _limit_of(rule: AlertRule, track: Track) -> float | None:
    """The threshold of the worst level at that time, since the rule may have changed meanwhile."""
    if track.peak_limit is not None:
        return track.peak_limit
    return rule.limit(track.peak_rank) if track.peak_rank else None


def _level(rank: int) -> Level:
    level = level_of(rank)
    assert level is not None, "an alert has a level"
    return level


def _ended(key: str, track: Track, cause: Cause) -> Transition:
    name, labels = name_and_labels(key)
    return Transition(
        Kind.RESOLVED,
        key,
        name,
        labels,
        level_of(track.rank),
        None,
        track.value,
        None,
        _level(track.peak_rank),
        track.peak,
        cause,
        (
            f"{name} is not watched any more"
            if cause is Cause.RULE
            else f"a series of {name} is no more"
        ),
    )


def text_of(rule: AlertRule, track: Track) -> str:
    """The rule's message with the worst value filled in, and the threshold that it is beyond.

    With the present value it would claim, as soon as that falls, a wrong threshold.
    """
    if track.unknown_rank > track.level:
        return f"{rule.metric} has been unknown for {track.unknown_for:.0f} s"
    text = rule.text or f"{rule.metric} beyond {{limit}}: {{value}} at worst"
    limit = _limit_of(rule, track)
    value = "unknown" if track.peak is None else f"{track.peak:.4g}"
    bound = "unknown" if limit is None else f"{limit:g}"
    return text.replace("{value}", value).replace("{limit}", bound)
