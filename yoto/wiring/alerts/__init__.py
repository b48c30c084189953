"""Alerts in the application's database, and what ``create_app`` hands to them."""

from .health import health_components
from .settings import alert_settings, degrade_by, elected_by
from .store import SqlAlertStore
from .values import measured_values

__all__ = [
    "SqlAlertStore",
    "alert_settings",
    "degrade_by",
    "elected_by",
    "health_components",
    "measured_values",
]
