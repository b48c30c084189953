"""What operators can see and do: each operation declared once, as a typed function.

``operation`` has what a declaration says. ``rest`` makes the routes of the control API from it with
their document, and ``yoto.cli.operations`` the commands of the terminal.
"""

from yoto.operate.alert_rules import alert_rules
from yoto.operate.alert_webhooks import alert_webhooks
from yoto.operate.alerts import alerts
from yoto.operate.cache import cache
from yoto.operate.config import config
from yoto.operate.degradation import degradation
from yoto.operate.forecasts import forecasts
from yoto.operate.guards import breakers, bulkheads, guards, limiters
from yoto.operate.instances import instances
from yoto.operate.invalidation import upkeep
from yoto.operate.locks import locks
from yoto.operate.log_level import log_level
from yoto.operate.maintenance import maintenance
from yoto.operate.overrides import overrides
from yoto.operate.policies import candidate, documents, policies
from yoto.operate.prefetch import prefetch
from yoto.operate.queues import queues
from yoto.operate.suggestions import suggestions
from yoto.operate.tasks import tasks

__all__ = [
    "alert_rules",
    "alert_webhooks",
    "alerts",
    "breakers",
    "bulkheads",
    "cache",
    "candidate",
    "config",
    "degradation",
    "documents",
    "forecasts",
    "guards",
    "instances",
    "limiters",
    "locks",
    "log_level",
    "maintenance",
    "overrides",
    "policies",
    "prefetch",
    "queues",
    "suggestions",
    "tasks",
    "upkeep",
]
