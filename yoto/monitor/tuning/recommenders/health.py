"""Whether the platform has reserves for more load, or is overloaded."""

from __future__ import annotations

from ...alert_rules import DEFAULT_RULES
from ..snapshot import TuningSnapshot

_RULES = {rule.name: rule for rule in DEFAULT_RULES}
_TIME, _ERRORS = _RULES["response_time"], _RULES["error_rate"]
MS = 1000.0


def is_well(snapshot: TuningSnapshot) -> bool:
    """Whether requests are measured, and below the warning thresholds of time and errors."""
    time, errors = snapshot.request_p95, snapshot.error_rate
    assert _TIME.warning is not None and _ERRORS.warning is not None
    if time is None or errors is None:
        return False
    return time * MS < _TIME.warning and errors < _ERRORS.warning


def is_unwell(snapshot: TuningSnapshot) -> bool:
    """Whether requests are measured, and beyond an error threshold of time or errors."""
    time, errors = snapshot.request_p95, snapshot.error_rate
    assert _TIME.error is not None and _ERRORS.error is not None
    if time is None or errors is None:
        return False
    return time * MS > _TIME.error or errors > _ERRORS.error
