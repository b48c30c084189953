"""Whether the platform has reserves to do more, or is so loaded that it should do less."""

from __future__ import annotations

from yoto.monitor.health import DEFAULT_COMPONENTS

from ..snapshot import TuningSnapshot

_COMPONENTS = {one.name: one for one in DEFAULT_COMPONENTS}
_TIME, _ERRORS = _COMPONENTS["response"], _COMPONENTS["errors"]
MS = 1000.0


def is_well(snapshot: TuningSnapshot) -> bool:
    """Whether requests are measured, quick, and hardly fail: both are at least good."""
    time, errors = snapshot.request_p95, snapshot.error_rate
    if time is None or errors is None:
        return False
    return time * MS < _TIME.good and errors < _ERRORS.good


def is_unwell(snapshot: TuningSnapshot) -> bool:
    """Whether requests are measured, and slow or fail: one of the two is an error."""
    time, errors = snapshot.request_p95, snapshot.error_rate
    if time is None or errors is None:
        return False
    return time * MS > _TIME.warning or errors > _ERRORS.warning
