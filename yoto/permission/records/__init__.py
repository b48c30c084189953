"""Decision records: written beside the request, and masked."""

from yoto.permission.records.judged import LATEST, judged_of_late
from yoto.permission.records.log import DecisionLog, Origin, RecordSettings, record_settings
from yoto.permission.records.masking import MASKED, masked_address, masked_context

__all__ = [
    "LATEST",
    "MASKED",
    "DecisionLog",
    "Origin",
    "RecordSettings",
    "judged_of_late",
    "masked_address",
    "masked_context",
    "record_settings",
]
