"""The policy engine that the configuration chooses."""

from __future__ import annotations

from flask import Flask

from app.core.policy import EmbeddedEngine, PolicyEngine


def policy_engine(app: Flask) -> PolicyEngine:
    """An engine for ``app``; nothing is connected and no thread started."""
    return EmbeddedEngine()
