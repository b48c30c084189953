"""Behaviour that a client reports of its user, and its responses: predictions and snapshots."""

from app.blueprints.behaviour.views import behaviour

__all__ = ["behaviour"]
