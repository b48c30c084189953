"""What the platform does with the items of the batch queue: a file a kind."""

from app.core.permission.queue_handlers.invalidate_permissions import (
    INVALIDATE_PERMISSIONS,
    invalidate_permissions,
)

__all__ = ["INVALIDATE_PERMISSIONS", "invalidate_permissions"]
