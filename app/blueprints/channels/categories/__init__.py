"""``/api/v1/servers/<id>/categories``: headings over channels."""

from app.blueprints.channels.categories.views import categories

__all__ = ["categories"]
