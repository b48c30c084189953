"""What a client tells of its user, and what it is told: predictions and snapshots."""

from app.blueprints.behaviour.views import behaviour

__all__ = ["behaviour"]
