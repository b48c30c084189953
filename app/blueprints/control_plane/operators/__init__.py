"""Who may see and steer the platform."""

from app.blueprints.control_plane.operators.views import operators_control

__all__ = ["operators_control"]
