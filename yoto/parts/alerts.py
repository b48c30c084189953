"""Alert settings from the configuration, and the implementations that the layers above provide."""

from __future__ import annotations

from flask import Flask

from yoto.alerts import AlertSettings, Degrade, SendSettings
from yoto.resilience import Resilience
from yoto.settings import read


def alert_settings(app: Flask) -> AlertSettings:
    """The ``ALERT_*`` settings of ``app``."""
    return read(AlertSettings, app.config, sending=read(SendSettings, app.config))


def degrade_by(app: Flask) -> Degrade:
    """Alerts change the levels of the application's ``resilience``."""

    def degrade(source: str, level: str, ttl: float, reason: str) -> object:
        return Resilience.of(app).degradation.raise_level(source, level, ttl, reason=reason)

    return degrade
