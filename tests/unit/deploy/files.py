"""The examples of ``deploy/`` that several tests read."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).parents[3]
DEPLOY = ROOT / "deploy"
DOCKERFILE = ROOT / "Dockerfile"
COMPOSE = DEPLOY / "compose.yml"
KUBERNETES = DEPLOY / "kubernetes"
UNIT = DEPLOY / "systemd" / "yoto@.service"
GUNICORN = DEPLOY / "gunicorn" / "gunicorn.conf.py"


def compose() -> dict[str, Any]:
    """The Compose file, its anchors resolved and nothing interpolated."""
    found: dict[str, Any] = yaml.safe_load(COMPOSE.read_text(encoding="utf-8"))
    return found


def manifest(name: str) -> dict[str, Any]:
    """One manifest for Kubernetes."""
    found: dict[str, Any] = yaml.safe_load((KUBERNETES / name).read_text(encoding="utf-8"))
    return found
