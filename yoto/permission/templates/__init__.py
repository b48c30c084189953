"""Permission templates: named sets of permissions in levels, as values; nothing here is stored."""

from yoto.permission.templates.builtin import CRUD
from yoto.permission.templates.library import TemplateLibrary
from yoto.permission.templates.parameters import TemplateParameter
from yoto.permission.templates.template import PermissionTemplate, TemplateLevel, meaningless

__all__ = [
    "CRUD",
    "PermissionTemplate",
    "TemplateLevel",
    "TemplateLibrary",
    "TemplateParameter",
    "meaningless",
]
