"""Handlers of the batch queue's items that preload, a file a kind; each needs an app context."""

from yoto.rooms.warm_up.handlers import preload_role, preload_user

HANDLERS = (preload_role, preload_user)
