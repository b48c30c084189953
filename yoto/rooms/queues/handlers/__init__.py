"""Handlers of the platform's own kinds of queue items, a file a kind; each needs an app context."""

from __future__ import annotations

from yoto.rooms.queues.batch import BatchQueue
from yoto.rooms.queues.handlers import invalidate_permissions, set_permissions

__all__ = ["register_permission_handlers"]


def register_permission_handlers(queue: BatchQueue) -> None:
    """Let ``queue`` handle the platform's kinds of items.

    Raises:
        ValidationFailed: one of them has a handler already.
    """
    for one in (invalidate_permissions, set_permissions):
        queue.register_handler(one.KIND, one.handle, one.check)
