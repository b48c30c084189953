"""The permission registry."""

from app.blueprints.admin.registry.views import registry

__all__ = ["registry"]
