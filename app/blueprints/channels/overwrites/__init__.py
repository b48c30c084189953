"""``.../overwrites``: overwrites of roles and users in a channel or category."""

from app.blueprints.channels.overwrites.views import overwrites

__all__ = ["overwrites"]
