"""What the platform's own kinds of queue items do."""

from __future__ import annotations

from flask import Flask

from app.core.optimization import BatchQueue
from app.core.permission.queue_handlers import set_permissions


def register_permission_handlers(queue: BatchQueue, app: Flask) -> None:
    """Let ``queue`` handle the platform's kinds of items within ``app``.

    Raises:
        ValidationFailed: one of them has a handler already.
    """
    queue.register_handler(set_permissions.KIND, set_permissions.handle, set_permissions.check)
