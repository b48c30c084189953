"""Alerts: rules, their state machine, their tables, and the webhooks that receive them."""

from .degrading import Degrade
from .evaluator import Elected
from .extension import Alerts, AlertSettings, AlertState, health_components
from .facts import (
    AlertAcknowledged,
    AlertChanged,
    AlertRaised,
    AlertResolved,
    AlertSilenced,
    AlertUnsilenced,
)
from .links import AlertLinks
from .machine import Cause, Kind, Transition, step
from .notices import queue_access_request
from .records import EVERY_RULE, MOST_SILENCES, NEVER_TRIED, Alert, AlertFilter, Silence, Webhook
from .rulebook import RuleInForce
from .tables import AlertStore
from .track import Track
from .webhooks.sending import SendSettings
from .webhooks.service import ShownWebhook

__all__ = [
    "EVERY_RULE",
    "MOST_SILENCES",
    "NEVER_TRIED",
    "Alert",
    "AlertAcknowledged",
    "AlertChanged",
    "AlertFilter",
    "AlertLinks",
    "AlertRaised",
    "AlertResolved",
    "AlertSettings",
    "AlertSilenced",
    "AlertState",
    "AlertStore",
    "AlertUnsilenced",
    "Alerts",
    "Cause",
    "Degrade",
    "Elected",
    "Kind",
    "RuleInForce",
    "SendSettings",
    "ShownWebhook",
    "Silence",
    "Track",
    "Transition",
    "Webhook",
    "health_components",
    "queue_access_request",
    "step",
]
