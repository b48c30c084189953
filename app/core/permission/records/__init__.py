"""Decision records: written beside the request, and masked."""

from app.core.permission.records.log import DecisionLog, Origin, RecordSettings

__all__ = ["DecisionLog", "Origin", "RecordSettings"]
