"""The live configuration of guards: read, tried, changed, taken back."""

from yoto.control_plane.config.views import config_control

__all__ = ["config_control"]
