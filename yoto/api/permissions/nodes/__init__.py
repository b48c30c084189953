"""Assignments of roles and overwrites at resources."""

from yoto.api.permissions.nodes.views import nodes

__all__ = ["nodes"]
