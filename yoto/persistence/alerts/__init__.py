"""Alerts in the application's database."""

from .store import SqlAlertStore

__all__ = ["SqlAlertStore"]
