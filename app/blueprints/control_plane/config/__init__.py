"""The live configuration of guards: read, tried, changed, taken back."""

from app.blueprints.control_plane.config.views import config_control

__all__ = ["config_control"]
