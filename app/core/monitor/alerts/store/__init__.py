"""Where alerts are kept: the protocol, and the store in memory."""

from .memory import MemoryStore
from .protocol import WEBHOOK_REMOVED, AlertRows, AlertStore, AuditAct

__all__ = ["WEBHOOK_REMOVED", "AlertRows", "AlertStore", "AuditAct", "MemoryStore"]
