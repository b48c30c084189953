"""Health by the thresholds that are in force."""

from __future__ import annotations

from flask import Flask

from yoto.alerts.extension import Alerts
from yoto.monitor import Component, components_of


def health_components(app: Flask) -> tuple[Component, ...]:
    """The components, by the alert rules as operators have set them."""
    return components_of(one.rule for one in Alerts.of(app).rules.list())
