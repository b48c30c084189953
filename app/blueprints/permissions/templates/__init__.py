"""``/permission-templates``: named sets of permissions that roles are granted by level."""

from app.blueprints.permissions.templates.views import templates

__all__ = ["templates"]
