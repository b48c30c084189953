"""From which level on the fleet logs."""

from yoto.control_plane.log_level.views import log_level_control

__all__ = ["log_level_control"]
