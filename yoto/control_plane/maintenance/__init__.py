"""Closing the platform for a while, and opening it again."""

from yoto.control_plane.maintenance.views import maintenance_control

__all__ = ["maintenance_control"]
