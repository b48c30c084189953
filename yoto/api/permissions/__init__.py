"""Questions about rights and their reasons; groups of permissions."""

from yoto.api.permissions.checks import checks
from yoto.api.permissions.insight import insight
from yoto.api.permissions.nodes import nodes
from yoto.api.permissions.subjects import applications, teams

__all__ = [
    "applications",
    "checks",
    "insight",
    "nodes",
    "teams",
]
