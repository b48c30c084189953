"""The permission registry."""

from yoto.api.admin.registry.views import registry

__all__ = ["registry"]
