"""Work that goes on in the background of some worker."""

from yoto.control_plane.tasks.views import tasks_control

__all__ = ["tasks_control"]
