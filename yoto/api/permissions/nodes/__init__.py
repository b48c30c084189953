"""Who holds roles at resources, and what is overwritten there."""

from yoto.api.permissions.nodes.views import nodes

__all__ = ["nodes"]
