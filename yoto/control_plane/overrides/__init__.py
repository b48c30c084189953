"""What is not as the code says it: maintenance, what operators set, levels that were raised."""

from yoto.control_plane.overrides.views import overrides_control

__all__ = ["overrides_control"]
