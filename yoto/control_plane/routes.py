"""The JSON routes of the control plane, in the order in which its API document lists them."""

from __future__ import annotations

from flask_smorest import Blueprint

from yoto.control_plane.audit import audit_control
from yoto.control_plane.live import events_control, stats_control, status_control
from yoto.control_plane.permissions import (
    explain_control,
    registry_control,
    resources_control,
    review_control,
    search_control,
    servers_control,
    users_control,
)
from yoto.control_plane.session import session
from yoto.operate import (
    alert_rules,
    alert_webhooks,
    alerts,
    breakers,
    bulkheads,
    cache,
    candidate,
    config,
    degradation,
    documents,
    forecasts,
    guards,
    instances,
    limiters,
    locks,
    log_level,
    maintenance,
    overrides,
    policies,
    prefetch,
    queues,
    suggestions,
    tasks,
    upkeep,
)
from yoto.operate.rest import blueprint

CONTROL_REST: list[Blueprint] = [
    blueprint(session),
    status_control,
    stats_control,
    events_control,
    blueprint(instances),
    blueprint(overrides),
    explain_control,
    resources_control,
    search_control,
    review_control,
    registry_control,
    servers_control,
    users_control,
    blueprint(policies),
    blueprint(documents),
    blueprint(candidate),
    blueprint(guards),
    blueprint(breakers),
    blueprint(limiters),
    blueprint(bulkheads),
    blueprint(degradation),
    blueprint(config),
    blueprint(prefetch),
    blueprint(alerts),
    blueprint(alert_rules),
    blueprint(alert_webhooks),
    blueprint(suggestions),
    blueprint(forecasts),
    audit_control,
    blueprint(maintenance),
    blueprint(log_level),
    blueprint(cache),
    blueprint(upkeep),
    blueprint(tasks),
    blueprint(queues),
    blueprint(locks),
]
