"""Health by the thresholds that are in force."""

from __future__ import annotations

from flask import Flask

from yoto.errors import StoreUnavailable
from yoto.monitor import DEFAULT_COMPONENTS, Alerts, Component, components_of


def health_components(app: Flask) -> tuple[Component, ...]:
    """The components, by the alert rules as operators have set them; while the database cannot say,
    as the code has them."""
    try:
        return components_of(one.rule for one in Alerts.of(app).rules.list())
    except StoreUnavailable:
        return DEFAULT_COMPONENTS
