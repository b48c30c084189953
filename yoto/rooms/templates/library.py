"""The templates of one app, by name.

Every app has some: ``crud`` makes permissions for a resource of one's own; the others put
those of the catalogue into levels, as the presets for roles of Discord do
(none, member, moderator, manager).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from yoto.errors import UnknownResource, ValidationFailed
from yoto.nodes import GLOBAL_KIND
from yoto.permission.registry.specs import PermissionSpec
from yoto.rooms.templates.parameters import TemplateParameter
from yoto.rooms.templates.template import PermissionTemplate, TemplateLevel
from yoto.store.models import ScopeType
from yoto.store.resources import known_types


def _of_resource(action: str, description: str) -> PermissionSpec:
    return PermissionSpec(f"{{resource}}.{action}", "{scope}", "{resource}", description)


def crud(scopes: Sequence[str]) -> PermissionTemplate:
    """The template ``crud`` where permissions can be of these scopes."""
    narrowest = ScopeType.CHANNEL.value
    return PermissionTemplate(
        "crud",
        (
            TemplateLevel.of("reader", _of_resource("read", "Read {resource}")),
            TemplateLevel.of(
                "writer",
                _of_resource("create", "Create {resource}"),
                _of_resource("update", "Change {resource}"),
            ),
            TemplateLevel.of("manager", _of_resource("delete", "Delete {resource}")),
        ),
        "Create, read, update and delete a resource of your own",
        (
            TemplateParameter("resource", "What the permissions are about, such as wiki.page"),
            TemplateParameter(
                "scope",
                "The narrowest scope in which they mean something",
                narrowest if narrowest in scopes else ScopeType.GLOBAL.value,
                tuple(scopes),
            ),
        ),
    )


CRUD = crud([scope.value for scope in ScopeType])

MESSAGE = PermissionTemplate(
    "message",
    (
        TemplateLevel.of("reader", "channel.read", "message.read_history"),
        TemplateLevel.of("writer", "message.send"),
        TemplateLevel.of("moderator", "message.pin", "message.manage"),
    ),
    "What somebody may do with messages",
)

CHANNEL = PermissionTemplate(
    "channel",
    (
        TemplateLevel.of("reader", "channel.read", "message.read_history"),
        TemplateLevel.of("writer", "message.send"),
        TemplateLevel.of(
            "manager", "message.pin", "message.manage", "channel.manage", "channel.overwrite"
        ),
    ),
    "A channel as a whole, up to running it",
)

SERVER = PermissionTemplate(
    "server",
    (
        TemplateLevel.of("reader", "channel.read", "message.read_history"),
        TemplateLevel.of(
            "writer", "message.send", "member.invite", description="What @everyone may do at first"
        ),
        TemplateLevel.of(
            "moderator",
            *("message.pin", "message.manage"),
            *("member.timeout", "member.kick", "member.ban", "member.nickname"),
            "server.audit",
        ),
        TemplateLevel.of(
            "manager",
            *("channel.manage", "channel.overwrite"),
            *("role.assign", "role.manage"),
            "server.manage",
        ),
        TemplateLevel.of(
            "administrator",
            "server.administrator",
            description="Everything in the server, whatever overwrites say",
        ),
    ),
    "A server as a whole, up to running it",
)

ROLE = PermissionTemplate(
    "role",
    (
        TemplateLevel.of("assigner", "role.assign", description="Give and take roles"),
        TemplateLevel.of("manager", "role.manage", description="Make and change them, too"),
    ),
    "What somebody may do with the roles below their own",
)

BUILT_IN_TEMPLATES = (CHANNEL, CRUD, MESSAGE, ROLE, SERVER)


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
