"""What the platform's own kinds of queue items do, a file a kind; each needs an app context."""

from app.core.permission.queue_handlers.invalidate_permissions import (
    INVALIDATE_PERMISSIONS,
    invalidate_permissions,
)

__all__ = ["INVALIDATE_PERMISSIONS", "invalidate_permissions"]
