"""What the batch queue does for the permission system, a file each; each needs an app context."""

from app.core.permission.queue_handlers.preload_role import preload_role
from app.core.permission.queue_handlers.preload_user import preload_user

__all__ = ["preload_role", "preload_user"]
