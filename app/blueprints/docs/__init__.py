"""The API documentation page."""

from app.blueprints.docs.views import docs

__all__ = ["docs"]
