"""Alerts: rules, their state machine, their stores, and the webhooks that they are sent to."""

from .defaults import DEFAULT_RULES
from .degrading import Degrade
from .evaluator import Elected, Evaluator, Values
from .extension import Alerts, AlertSettings, AlertState
from .facts import (
    AlertAcknowledged,
    AlertChanged,
    AlertRaised,
    AlertResolved,
    AlertSilenced,
    AlertUnsilenced,
)
from .level import Level
from .machine import Cause, Kind, Transition, step
from .records import (
    EVERY_RULE,
    FURTHEST_OFF,
    MOST_SILENCES,
    Alert,
    AlertFilter,
    Board,
    Delivery,
    HistoryEntry,
    RuleChange,
    Silence,
    Webhook,
)
from .rule import AlertRule, settable
from .rulebook import Rulebook, RuleInForce
from .series import format_series
from .service import AlertPage, AlertService
from .store import NEVER_TRIED, WEBHOOK_REMOVED, AlertRows, AlertStore
from .track import Track
from .webhooks.sending import Outcome, SendSettings
from .webhooks.service import NewWebhook, ShownWebhook, WebhookService

__all__ = [
    "DEFAULT_RULES",
    "EVERY_RULE",
    "FURTHEST_OFF",
    "MOST_SILENCES",
    "NEVER_TRIED",
    "WEBHOOK_REMOVED",
    "Alert",
    "AlertAcknowledged",
    "AlertChanged",
    "AlertService",
    "AlertFilter",
    "AlertPage",
    "AlertRaised",
    "AlertResolved",
    "AlertRows",
    "AlertRule",
    "AlertSettings",
    "AlertSilenced",
    "AlertState",
    "AlertStore",
    "AlertUnsilenced",
    "Alerts",
    "Board",
    "Cause",
    "Degrade",
    "Delivery",
    "Elected",
    "Evaluator",
    "HistoryEntry",
    "Kind",
    "Level",
    "NewWebhook",
    "Outcome",
    "RuleChange",
    "RuleInForce",
    "Rulebook",
    "SendSettings",
    "ShownWebhook",
    "Silence",
    "Track",
    "Transition",
    "Values",
    "Webhook",
    "WebhookService",
    "format_series",
    "step",
    "settable",
]
