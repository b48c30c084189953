"""Asking what somebody may do and why, and the groups that permissions are granted by."""

from app.blueprints.permissions.checks import checks
from app.blueprints.permissions.groups import groups
from app.blueprints.permissions.insight import insight

__all__ = ["checks", "groups", "insight"]
