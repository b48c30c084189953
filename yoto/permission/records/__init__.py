"""Decision records: written beside the request."""

from yoto.permission.records.judged import LATEST, judged_of_late
from yoto.permission.records.log import DecisionLog, Origin, RecordSettings, record_settings

__all__ = [
    "LATEST",
    "DecisionLog",
    "Origin",
    "RecordSettings",
    "judged_of_late",
    "record_settings",
]
