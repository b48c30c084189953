"""The unit of a value, by the name of its metric."""

from __future__ import annotations

from . import metric_names as names
from . import signal_names as signals

COUNT, SHARE, PER_SECOND, SECONDS, MS, BYTES = "count", "share", "per_second", "s", "ms", "bytes"

# Metrics whose names do not end in their unit.
_UNITS = {
    signals.CACHE_HIT_RATE: SHARE,
    signals.ERROR_RATE: SHARE,
    signals.MEMORY_SHARE: SHARE,
    signals.RESPONSE_MS: MS,
    names.LOG_SILENCE: SECONDS,
    names.STALENESS_WORST: SECONDS,
    names.QUEUE_AGE: SECONDS,
    names.INVALIDATION_AGE: SECONDS,
}
# Counters are watched as rates a second, whatever they count.
_ENDINGS = {
    "_total": PER_SECOND,
    "_per_second": PER_SECOND,
    "_share": SHARE,
    "_precision": SHARE,
    "_seconds": SECONDS,
    "_bytes": BYTES,
}


def unit_of(metric: str) -> str:
    """The unit of a metric in alert rules; ``count`` for pure counts."""
    found = _UNITS.get(metric)
    if found is None:
        found = next((unit for end, unit in _ENDINGS.items() if metric.endswith(end)), COUNT)
    return found
