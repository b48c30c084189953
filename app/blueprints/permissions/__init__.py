"""Asking what somebody may do, and the groups that permissions are granted by."""

from app.blueprints.permissions.checks import checks
from app.blueprints.permissions.groups import groups

__all__ = ["checks", "groups"]
