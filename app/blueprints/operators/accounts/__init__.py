"""Who may see and steer the platform."""

from app.blueprints.operators.accounts.views import operators_control

__all__ = ["operators_control"]
