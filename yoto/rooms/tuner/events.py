"""Events of tuning."""

from __future__ import annotations

from yoto.events import Event, event_type


class _Tuned(Event, frozen=True, kw_only=True):
    setting: str
    before: float | None
    value: float
    metric: str
    reason: str = ""


@event_type("tuning.applied")
class TuningApplied(_Tuned, frozen=True, kw_only=True):
    """A suggestion was applied, and is watched from now on.

    Attributes:
        setting: the changed setting.
        before, value: its value before (None: each process's configuration), and now.
        metric: the measurement that must not get worse.
        reason: why.
    """


@event_type("tuning.reverted")
class TuningReverted(_Tuned, frozen=True, kw_only=True):
    """A change was reverted; ``reason`` gives the cause. Fields as in ``TuningApplied``."""


@event_type("tuning.kept")
class TuningKept(_Tuned, frozen=True, kw_only=True):
    """A change stays, since the measurement did not get worse. Fields as in ``TuningApplied``."""
