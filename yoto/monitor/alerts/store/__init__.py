"""Stores of alerts: the protocol, and the store in memory."""

from .memory import MemoryStore
from .protocol import NEVER_TRIED, WEBHOOK_REMOVED, AlertRows, AlertStore, AuditAct

__all__ = ["NEVER_TRIED", "WEBHOOK_REMOVED", "AlertRows", "AlertStore", "AuditAct", "MemoryStore"]
