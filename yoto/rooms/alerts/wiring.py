"""Connects alerts to the parts of an application whose values they watch, and that they change."""

from __future__ import annotations

from flask import Flask

from yoto.collectors import measured_values
from yoto.monitor import Monitor
from yoto.monitor.links import Links
from yoto.optimization import AdvancedOptimization, elected_by
from yoto.permission import PermissionSystem
from yoto.resilience import Resilience
from yoto.settings import read

from .degrading import Degrade
from .extension import Alerts
from .notices import queue_access_request
from .series import samples
from .settings import AlertSettings, SendSettings
from .tables import AlertStore


def wire(app: Flask) -> None:
    """Let ``app`` have alerts; nothing connects and no thread starts."""
    monitoring = Monitor.of(app)
    Alerts().init_app(
        app,
        AlertStore(app),
        values=measured_values(monitoring),
        settings=alert_settings(app),
        elected=elected_by(AdvancedOptimization.of(app).locks, "alert-evaluation"),
        degrade=degrade_by(app),
    )
    PermissionSystem.joins_of(app).append(queue_access_request)
    monitoring.add_source("alerts", lambda: samples(Alerts.of(app)))


def alert_settings(app: Flask) -> AlertSettings:
    """The ``ALERT_*`` settings of ``app``."""
    return read(
        AlertSettings,
        app.config,
        sending=read(SendSettings, app.config),
        links=read(Links, app.config),
    )


def degrade_by(app: Flask) -> Degrade:
    """Let alerts change the degradation levels of ``app``."""

    def degrade(source: str, level: str, ttl: float, reason: str) -> object:
        return Resilience.of(app).degradation.raise_level(source, level, ttl, reason=reason)

    return degrade
