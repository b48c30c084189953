"""Asking what somebody may do and why; groups and templates of permissions."""

from app.blueprints.permissions.checks import checks
from app.blueprints.permissions.groups import groups
from app.blueprints.permissions.insight import insight
from app.blueprints.permissions.review import review
from app.blueprints.permissions.templates import templates

__all__ = ["checks", "groups", "insight", "review", "templates"]
