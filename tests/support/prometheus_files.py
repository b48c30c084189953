"""The files in ``deploy/`` for Prometheus and Grafana, as the tests read them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import yaml

DEPLOY = Path(__file__).parents[2] / "deploy"
SCRAPES = DEPLOY / "prometheus" / "prometheus.yml"
RULES = DEPLOY / "prometheus" / "rules.yml"
DASHBOARD = DEPLOY / "grafana" / "yoto.json"


def rules() -> list[dict[str, Any]]:
    """Every alert rule."""
    found = yaml.safe_load(RULES.read_text(encoding="utf-8"))
    return [rule for group in found["groups"] for rule in group["rules"]]


def panels() -> list[dict[str, Any]]:
    """Every panel that shows something."""
    found = json.loads(DASHBOARD.read_text(encoding="utf-8"))
    return [panel for panel in found["panels"] if panel["type"] != "row"]


def dashboard_queries() -> list[str]:
    """Every query of the dashboard, as Grafana would send it for the last hour."""
    return [
        target["expr"].replace("$__rate_interval", "1m").replace("$__range", "1h")
        for panel in panels()
        for target in panel["targets"]
    ]
