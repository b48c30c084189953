"""The cache, the log that keeps it right, and warming it up."""

from yoto.control_plane.cache.views import cache_control, upkeep_control

__all__ = ["cache_control", "upkeep_control"]
