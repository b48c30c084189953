"""The distributed locks that are held."""

from yoto.control_plane.locks.views import locks_control

__all__ = ["locks_control"]
