"""``.../templates/<template>``: roles and overwrites that get a level of a permission template."""

from app.blueprints.templates.views import templates

__all__ = ["templates"]
