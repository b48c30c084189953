"""The batch queue, its dead letters, and the queue of invalidations."""

from yoto.control_plane.queues.views import queues_control

__all__ = ["queues_control"]
