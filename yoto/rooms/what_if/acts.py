"""Acts on roles, groups, overwrites and members as data, with the names and fields of their routes.

An act is carried out by the same write that its route calls, so its checks and effects are the same
here. Acts on members are the application's own writes: ``membership`` makes only the changes that
verdicts read, and knows no limits of the application, such as the longest time-out.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from typing import Any, NamedTuple

from yoto.errors import UnknownPermission, UnknownResource, ValidationFailed
from yoto.moments import FIRST_YEAR, LAST_YEAR, YEARS
from yoto.nodes import GLOBAL_KIND
from yoto.permission.people.numbers import SubjectId
from yoto.permission.people.subjects import subject_of_text, target_of_text
from yoto.permission.registry.scopes import Place, checked_id, parse_place
from yoto.permission.writes.roles import UNSET
from yoto.permission.writes.writes import Writes
from yoto.rooms.what_if import membership
from yoto.store.models import Effect
from yoto.store.resources import known_types

REQUIRED = object()
NAMES_MAX = 200  # more than are registered would only be repetition
# Names of fields in the writes, where acts and routes have other names.
CALLED = {
    "names": "permissions",
    "scope_type": "scope",
    "at": "scope_id",
    "parent": "parent_id",
}


class ActField(NamedTuple):
    """A field of an act: its reader, and its default."""

    read: Callable[[Any, str], Any]
    default: Any = REQUIRED

    @property
    def required(self) -> bool:
        """Whether it must be given."""
        return self.default is REQUIRED


class Act(NamedTuple):
    """A well-formed act; ``given`` has all its fields."""

    name: str
    given: Mapping[str, Any]

    @property
    def node(self) -> tuple[str, Any] | None:
        """The resource at which the act happens; None: none is named."""
        if self.given.get("scope") in (None, GLOBAL_KIND):
            return None
        return self.given["scope"], self.given["scope_id"]

    def carry_out(self, actor_id: SubjectId | None) -> None:
        """Write it, on the running transaction of the session, which the caller ends.

        Raises: as the write does, with the names of the act's fields.
        """
        with _called_as_acts_call_it():
            _WRITES[self.name](**_arguments(self), actor_id=actor_id)


def read_act(data: Any) -> Act:
    """An act from data.

    Raises:
        ValidationFailed: the act is unknown, or a field is unknown, missing or malformed.
    """
    if not isinstance(data, Mapping):
        raise ValidationFailed({"act": "must be an object"})
    name = data.get("act")
    fields = ACTS.get(name) if isinstance(name, str) else None
    if fields is None or not isinstance(name, str):
        raise ValidationFailed({"act": f"must be one of {', '.join(ACTS)}"})
    unknown = sorted(str(one) for one in data.keys() - fields.keys() - {"act"})
    if unknown:
        raise ValidationFailed({one: f"is no field of {name}" for one in unknown})
    missing = [one for one, field in fields.items() if field.required and one not in data]
    if missing:
        raise ValidationFailed({one: "is required" for one in missing})
    given = {
        one: field.read(data[one], one) if one in data else field.default
        for one, field in fields.items()
    }
    if "scope" in given:
        given["scope_id"] = _id_in(given["scope"], given["scope_id"])
    return Act(name, given)


def place_of_act(data: Any) -> tuple[str, Place | None]:
    """The name of an act, and the resource at which it happens; None: none is named.

    Raises:
        ValidationFailed: as ``PermissionSystem.what_if``.
    """
    act = read_act(data)
    node = act.node
    # Overwrites can also be at places without verdicts of their own, such as a category.
    asked = not act.name.startswith("overwrite.")
    return act.name, None if node is None else parse_place(*node, asked=asked)


def _id_in(scope: Any, scope_id: Any) -> Any:
    """The id in its type, since JSON has texts for ids that are no numbers."""
    declared = known_types().find(scope) if isinstance(scope, str) else None
    if declared is None or not isinstance(scope_id, str):
        return scope_id
    return declared.spelled(scope_id, "scope_id")


def _as_it_is(value: Any, field: str) -> Any:
    return value


def _id(value: Any, field: str) -> int:
    return checked_id(value, field)


def _id_or_none(value: Any, field: str) -> int | None:
    return None if value is None else checked_id(value, field)


def _names(value: Any, field: str) -> list[str]:
    if not isinstance(value, (list, tuple)) or not all(isinstance(one, str) for one in value):
        raise ValidationFailed({field: "must be a list of names"})
    if len(value) > NAMES_MAX:
        raise ValidationFailed({field: f"must be at most {NAMES_MAX} names"})
    return list(value)


def _moment(value: Any, field: str) -> Any:
    if not isinstance(value, str):
        return value
    try:
        found = datetime.fromisoformat(value)
    except ValueError:
        raise ValidationFailed({field: "must be a time in ISO 8601"}) from None
    if not FIRST_YEAR <= found.year <= LAST_YEAR:
        raise ValidationFailed({field: YEARS})
    return found


def _subject(value: Any, field: str) -> Any:
    return subject_of_text(value, field) if isinstance(value, str) else value


def _target(value: Any, field: str) -> dict[str, Any]:
    """The target of an overwrite, as its write takes it."""
    if isinstance(value, str):
        return target_of_text(value, field)
    raise ValidationFailed({field: "must be a role, a person, a program or a team"})


_ROLE = {"role_id": ActField(_id)}
_GROUP = {"group_id": ActField(_id)}
_PERMISSIONS = {"permissions": ActField(_names)}
_SCOPE = {"scope": ActField(_as_it_is, GLOBAL_KIND), "scope_id": ActField(_as_it_is, None)}
_EFFECT = {"effect": ActField(_as_it_is, Effect.ALLOW.value)}
_AT = {"scope": ActField(_as_it_is, None), "scope_id": ActField(_as_it_is, None)}
_HELD = {"subject": ActField(_subject), **_ROLE, **_AT}
_MEMBER = {
    "subject": ActField(_subject),
    "scope": ActField(_as_it_is),
    "scope_id": ActField(_as_it_is),
}
_OVERWRITE = {
    "scope": ActField(_as_it_is),
    "scope_id": ActField(_as_it_is),
    "target": ActField(_target),
}

ACTS: Mapping[str, Mapping[str, ActField]] = {
    "role.grant": {**_ROLE, **_PERMISSIONS, **_SCOPE, **_EFFECT},
    "role.revoke": {**_ROLE, **_PERMISSIONS, **_SCOPE},
    "role.grant_group": {**_ROLE, **_GROUP, **_SCOPE, **_EFFECT},
    "role.revoke_group": {**_ROLE, **_GROUP, **_SCOPE},
    "role.update": {
        **_ROLE,
        "parent_id": ActField(_id_or_none, UNSET),
        "active": ActField(_as_it_is, UNSET),
        "position": ActField(_as_it_is, UNSET),
    },
    "role.add_parent": {**_ROLE, "parent_id": ActField(_id)},
    "role.remove_parent": {**_ROLE, "parent_id": ActField(_id)},
    "role.delete": _ROLE,
    "role.assign": {
        **_HELD,
        "valid_from": ActField(_moment, None),
        "valid_until": ActField(_moment, None),
        "here_only": ActField(_as_it_is, False),
    },
    "role.unassign": _HELD,
    "overwrite.set": {
        **_OVERWRITE,
        "allow": ActField(_names, ()),
        "deny": ActField(_names, ()),
    },
    "overwrite.clear": _OVERWRITE,
    "group.add": {**_GROUP, **_PERMISSIONS},
    "group.remove": {**_GROUP, **_PERMISSIONS},
    "group.delete": _GROUP,
    "member.timeout": {**_MEMBER, "until": ActField(_moment)},
    "member.remove": _MEMBER,
}

_writes = Writes()
_WRITES: Mapping[str, Callable[..., object]] = {
    "role.grant": _writes.assign_permissions_to_role,
    "role.revoke": _writes.revoke_permissions_from_role,
    "role.grant_group": _writes.assign_group_to_role,
    "role.revoke_group": _writes.remove_group_from_role,
    "role.update": _writes.update_role,
    "role.add_parent": _writes.add_role_parent,
    "role.remove_parent": _writes.remove_role_parent,
    "role.delete": _writes.delete_role,
    "role.assign": _writes.assign,
    "role.unassign": _writes.unassign,
    "overwrite.set": _writes.set_overwrite,
    "overwrite.clear": _writes.clear_overwrite,
    "group.add": _writes.assign_permission_to_group,
    "group.remove": _writes.remove_permission_from_group,
    "group.delete": _writes.delete_group,
    "member.timeout": membership.time_out,
    "member.remove": membership.remove,
}
# Those that take a resource as ``at``, and those of the application, which takes no transactions.
_AT_NODE = frozenset({"role.assign", "role.unassign", "overwrite.set", "overwrite.clear"})
_OF_MEMBERS = frozenset({"member.timeout", "member.remove"})


def _arguments(act: Act) -> Mapping[str, Any]:
    """The fields of an act as its write takes them."""
    given = dict(act.given)
    if act.name in _AT_NODE:
        scope, scope_id = given.pop("scope"), given.pop("scope_id")
        given["at"] = None if scope is None else (scope, scope_id)
    if act.name in _OF_MEMBERS:
        given["home"] = parse_place(given.pop("scope"), given.pop("scope_id"))
    else:
        given["commit"] = False
    if act.name == "role.update":
        given["parent"] = given.pop("parent_id")
    given |= given.pop("target", {})
    written = {"permissions": "names", "scope": "scope_type"}
    return {written.get(name, name): value for name, value in given.items()}


@contextmanager
def _called_as_acts_call_it() -> Iterator[None]:
    try:
        yield
    except UnknownResource as error:
        [field] = error.errors
        raise UnknownResource(error.kind, error.resource_id, CALLED.get(field, field)) from error
    except UnknownPermission as error:
        [field] = error.errors
        raise UnknownPermission(error.names, CALLED.get(field, field)) from error
    except ValidationFailed as error:
        renamed = {CALLED.get(field, field): texts for field, texts in error.errors.items()}
        raise ValidationFailed(renamed) from error
