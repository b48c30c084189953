"""The templates of one app, by name."""

from __future__ import annotations

from collections.abc import Iterable

from yoto.errors import UnknownResource, ValidationFailed
from yoto.nodes import GLOBAL_KIND
from yoto.rooms.templates.builtin import BUILT_IN_TEMPLATES, CRUD, crud
from yoto.rooms.templates.template import PermissionTemplate
from yoto.store.resources import known_types


class TemplateLibrary:
    """Thread-safe; holds the built-in templates, and those that the app's code adds at its
    start."""

    def __init__(self, templates: Iterable[PermissionTemplate] = BUILT_IN_TEMPLATES) -> None:
        self._templates = {template.name: template for template in templates}

    def add(self, template: PermissionTemplate) -> None:
        """Add a template; an identical one that is there already changes nothing.

        Raises:
            ValidationFailed: another one has its name (field ``name``), or a permission is of a
                scope that the application does not have (field ``levels``).
        """
        template.check()
        if self._templates.setdefault(template.name, template) != template:
            raise ValidationFailed({"name": f"another template is called '{template.name}'"})

    def get(self, name: str) -> PermissionTemplate:
        """The template called ``name``.

        Raises:
            UnknownResource: there is none (field ``template``).
        """
        found = self._templates.get(name) if isinstance(name, str) else None
        if found is None:
            raise UnknownResource("template", repr(name), "template")
        return _here(found)

    def all(self) -> list[PermissionTemplate]:
        """All templates, by name."""
        return [_here(template) for _, template in sorted(self._templates.items())]


def _here(template: PermissionTemplate) -> PermissionTemplate:
    """``crud`` with the types of the current application; any other template unchanged."""
    if template is not CRUD:
        return template
    types = known_types()
    if CRUD.name not in types.made:
        names = [one.name for one in types if one.askable]
        types.made[CRUD.name] = crud([GLOBAL_KIND, *names])
    found: PermissionTemplate = types.made[CRUD.name]
    return found
