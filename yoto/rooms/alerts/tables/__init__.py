"""Alerts in the database: transactions, and the statements of each table."""

from .store import AlertRows, AlertStore

__all__ = ["AlertRows", "AlertStore"]
