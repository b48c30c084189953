"""What alerts ask of their store."""

from .protocol import NEVER_TRIED, WEBHOOK_REMOVED, AlertRows, AlertStore

__all__ = ["NEVER_TRIED", "WEBHOOK_REMOVED", "AlertRows", "AlertStore"]
