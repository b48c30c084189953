"""API tokens of operators."""

from app.blueprints.control_plane.tokens.views import tokens_control

__all__ = ["tokens_control"]
