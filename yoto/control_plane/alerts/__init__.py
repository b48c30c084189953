"""Alerts, silences, rules and webhooks, for operators."""

from yoto.control_plane.alerts.rules import alert_rules_control
from yoto.control_plane.alerts.views import alerts_control
from yoto.control_plane.alerts.webhooks import alert_webhooks_control

__all__ = ["alert_rules_control", "alert_webhooks_control", "alerts_control"]
