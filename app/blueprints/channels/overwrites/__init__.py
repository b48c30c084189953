"""``.../overwrites``: what roles and users may do differently in a channel or category."""

from app.blueprints.channels.overwrites.views import overwrites

__all__ = ["overwrites"]
