"""Permission templates: named sets of permissions in levels, as values; nothing here is stored."""

from app.core.permission.templates.builtin import CRUD
from app.core.permission.templates.library import TemplateLibrary
from app.core.permission.templates.meaning import meaningless
from app.core.permission.templates.parameters import TemplateParameter
from app.core.permission.templates.template import (
    PermissionTemplate,
    RenderedLevel,
    TemplateLevel,
)

__all__ = [
    "CRUD",
    "PermissionTemplate",
    "RenderedLevel",
    "TemplateLevel",
    "TemplateLibrary",
    "TemplateParameter",
    "meaningless",
]
