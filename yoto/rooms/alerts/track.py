"""The state of one rule on one series. Pure: values and a clock's reading in, state out."""

from __future__ import annotations

from typing import TypeAlias

import msgspec

from yoto.monitor.alert_rules import AlertRule
from yoto.rules import is_number

# By rank: seconds for which a value has been beyond (or back within) it; None: it is not.
Spans: TypeAlias = tuple[float | None, float | None, float | None]
NOWHERE: Spans = (None, None, None)


class Track(msgspec.Struct, frozen=True, kw_only=True):
    """One series under one rule.

    Attributes:
        at: time of the last observation, in seconds.
        known: whether there was a value.
        value: the last known one.
        bad_for: by rank, seconds for which it has been beyond the threshold.
        well_for: by rank, seconds for which it has been back by the hysteresis.
        level: rank of the alert that the value causes; 0: none.
        peak: the worst value since it was last within every threshold; None: it is.
        peak_level: rank of the worst alert that it caused since; 0: none.
        peak_limit: the threshold of this alert; None: unknown. The rule may have changed by the
            time the alert ends.
        unknown_for: seconds without a value up to now.
        unknown_rank: rank of the alert that its absence causes; 0: none.
    """

    at: float
    known: bool = False
    value: float | None = None
    bad_for: Spans = NOWHERE
    well_for: Spans = NOWHERE
    level: int = 0
    peak: float | None = None
    peak_level: int = 0
    peak_limit: float | None = None
    unknown_for: float = 0.0
    unknown_rank: int = 0

    @property
    def rank(self) -> int:
        """Rank of the present alert; 0: none."""
        return max(self.level, self.unknown_rank)

    @property
    def peak_rank(self) -> int:
        """Rank of the worst level since the raising; on boards without it, of the present one."""
        return max(self.peak_level, self.rank)

    @property
    def pending(self) -> bool:
        """Whether a value is bad, or worse than its alert, but not for long enough yet."""
        return any(span is not None for span in self.bad_for[self.level :])

    @property
    def quiet(self) -> bool:
        """Whether the track holds nothing to remember."""
        return self.known and not self.rank and self.bad_for == NOWHERE


def observe(
    rule: AlertRule, track: Track | None, value: float | None, now: float, longest_gap: float
) -> Track:
    """The track after an observation.

    A value stands for the time since the last observation. Unknown values count for nothing: an
    unobserved time neither raises an alert nor ends one.

    Args:
        value: None, infinity and NaN are unknown.
        now: seconds. A time before the last observation counts as the same moment, since the clock
            was set back, and goes on from there.
        longest_gap: seconds that count at most of a pause between observations.
    """
    before = track or Track(at=now)
    elapsed = min(max(0.0, now - before.at), longest_gap)
    if value is None or not is_number(value):
        return _without_value(rule, before, track is not None, now, elapsed)
    bad_for = _longer(before.bad_for, _beyond(rule, value), elapsed)
    well_for = _longer(before.well_for, _recovered(rule, value), elapsed)
    level = _level(rule, before.level, bad_for, well_for)
    within = not level and bad_for == NOWHERE
    worse = level > before.peak_level
    return Track(
        at=now,
        known=True,
        value=float(value),
        bad_for=bad_for,
        well_for=well_for,
        level=level,
        peak=None if within else _worse(rule, before.peak, float(value)),
        peak_level=max(before.peak_level, level) if level else 0,
        peak_limit=(rule.limit(level) if worse else before.peak_limit) if level else None,
    )


def _without_value(
    rule: AlertRule, before: Track, looked_before: bool, at: float, elapsed: float
) -> Track:
    unknown_for = before.unknown_for + elapsed if looked_before and not before.known else 0.0
    rank = 0
    if rule.unknown_after is not None and unknown_for >= rule.unknown_after:
        rank = rule.unknown_level.rank
    return msgspec.structs.replace(
        before,
        at=at,
        known=False,
        unknown_for=unknown_for,
        unknown_rank=rank,
        peak_level=max(before.peak_level, rank),
    )


def _worse(rule: AlertRule, one: float | None, other: float) -> float:
    return other if one is None or rule.direction.beyond(other, one) else one


def _level(rule: AlertRule, level: int, bad_for: Spans, well_for: Spans) -> int:
    """The rank of the alert: up after ``hold``, down after ``recover``."""
    for rank in range(3, level, -1):
        bad = bad_for[rank - 1]
        if bad is not None and bad >= rule.hold:
            return rank
    for rank in range(level, 0, -1):
        well = well_for[rank - 1]
        if rule.limit(rank) is not None and (well is None or well < rule.recover):
            return rank
    return 0


def _beyond(rule: AlertRule, value: float) -> list[bool]:
    return [x is not None and rule.direction.beyond(value, x) for x in rule.limits]


def _recovered(rule: AlertRule, value: float) -> list[bool]:
    return [
        x is not None and rule.direction.recovered(value, x, rule.hysteresis) for x in rule.limits
    ]


def _longer(spans: Spans, here: list[bool], seconds: float) -> Spans:
    first, second, third = (
        (None if not there else 0.0 if span is None else span + seconds)
        for span, there in zip(spans, here, strict=True)
    )
    return first, second, third
