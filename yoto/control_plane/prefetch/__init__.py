"""Looking at prefetching, and steering it."""

from yoto.control_plane.prefetch.views import prefetch_control

__all__ = ["prefetch_control"]
