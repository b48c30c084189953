"""``/api/v1/channels``: channels, their categories, and their overwrites."""

from app.blueprints.channels.categories import categories
from app.blueprints.channels.views import channels

__all__ = ["categories", "channels"]
