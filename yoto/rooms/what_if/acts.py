"""Acts on roles, groups, overwrites and members as data, with the names and fields of their routes.

An act is carried out by the same write that its route calls, so its checks and effects are the same
here. Acts on members are the application's own writes: ``membership`` makes only the changes that
verdicts read, and knows no limits of the application, such as the longest time-out.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from inspect import signature
from typing import Annotated, Any, NamedTuple

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

NAMES_MAX = 200  # more than are registered would only be repetition
# Names of fields in the writes, where acts and routes have other names.
CALLED = {
    "names": "permissions",
    "scope_type": "scope",
    "at": "scope_id",
    "parent": "parent_id",
}


class ActKind(NamedTuple):
    """A kind of act: its write, the fields that it must have, and the defaults of the others."""

    write: Callable[..., object]
    needs: str
    defaults: Mapping[str, Any] = {}

    @property
    def fields(self) -> tuple[str, ...]:
        """The names of all fields."""
        return *self.needs.split(), *self.defaults


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
            ACTS[self.name].write(**_arguments(self), actor_id=actor_id)


def read_act(data: Any) -> Act:
    """An act from data.

    Raises:
        ValidationFailed: the act is unknown, or a field is unknown, missing or malformed.
    """
    if not isinstance(data, Mapping):
        raise ValidationFailed({"act": "must be an object"})
    name = data.get("act")
    kind = ACTS.get(name) if isinstance(name, str) else None
    if kind is None or not isinstance(name, str):
        raise ValidationFailed({"act": f"must be one of {', '.join(ACTS)}"})
    unknown = sorted(str(one) for one in data.keys() - {*kind.fields, "act"})
    if unknown:
        raise ValidationFailed({one: f"is no field of {name}" for one in unknown})
    missing = [one for one in kind.needs.split() if one not in data]
    if missing:
        raise ValidationFailed({one: "is required" for one in missing})
    given = dict(kind.defaults) | {
        one: _READ[one](data[one], one) if one in _READ else data[one]
        for one in kind.fields
        if one in data
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


# The readers of fields; the write itself checks the others.
_READ: Mapping[str, Callable[[Any, str], Any]] = {
    **dict.fromkeys(("role_id", "group_id"), checked_id),
    **dict.fromkeys(("permissions", "allow", "deny"), _names),
    **dict.fromkeys(("valid_from", "valid_until", "until"), _moment),
    "parent_id": _id_or_none,
    "subject": _subject,
    "target": _target,
}
_SCOPE = {"scope": GLOBAL_KIND, "scope_id": None}
_EFFECT = {"effect": Effect.ALLOW.value}
_AT = {"scope": None, "scope_id": None}
_WINDOW = {"valid_from": None, "valid_until": None}
_CHANGES = dict.fromkeys(("parent_id", "active", "position"), UNSET)
_IN_GROUP = "group_id permissions"
_OVERWRITE = "scope scope_id target"
_MEMBER = "subject scope scope_id"

_do = Writes()
ACTS: Mapping[str, ActKind] = {
    "role.grant": ActKind(_do.assign_permissions_to_role, "role_id permissions", _SCOPE | _EFFECT),
    "role.revoke": ActKind(_do.revoke_permissions_from_role, "role_id permissions", _SCOPE),
    "role.grant_group": ActKind(_do.assign_group_to_role, "role_id group_id", _SCOPE | _EFFECT),
    "role.revoke_group": ActKind(_do.remove_group_from_role, "role_id group_id", _SCOPE),
    "role.update": ActKind(_do.update_role, "role_id", _CHANGES),
    "role.add_parent": ActKind(_do.add_role_parent, "role_id parent_id"),
    "role.remove_parent": ActKind(_do.remove_role_parent, "role_id parent_id"),
    "role.delete": ActKind(_do.delete_role, "role_id"),
    "role.assign": ActKind(_do.assign, "subject role_id", _AT | _WINDOW | {"here_only": False}),
    "role.unassign": ActKind(_do.unassign, "subject role_id", _AT),
    "overwrite.set": ActKind(_do.set_overwrite, _OVERWRITE, {"allow": (), "deny": ()}),
    "overwrite.clear": ActKind(_do.clear_overwrite, _OVERWRITE),
    "group.add": ActKind(_do.assign_permission_to_group, _IN_GROUP),
    "group.remove": ActKind(_do.remove_permission_from_group, _IN_GROUP),
    "group.delete": ActKind(_do.delete_group, "group_id"),
    "member.timeout": ActKind(membership.time_out, f"{_MEMBER} until"),
    "member.remove": ActKind(membership.remove, _MEMBER),
}
# An act in a request.
ActFields = Annotated[
    dict[str, Any | None],
    "Its name as `act`, and the fields of its route: "
    + "; ".join(f"`{name}` {', '.join(kind.fields)}" for name, kind in ACTS.items()),
]


def _arguments(act: Act) -> Mapping[str, Any]:
    """The fields of an act as its write takes them."""
    given, taken = dict(act.given), signature(ACTS[act.name].write).parameters
    if "at" in taken:
        scope, scope_id = given.pop("scope"), given.pop("scope_id")
        given["at"] = None if scope is None else (scope, scope_id)
    if "home" in taken:
        given["home"] = parse_place(given.pop("scope"), given.pop("scope_id"))
    if "options" in taken:
        given["commit"] = False
    given |= given.pop("target", {})
    written = {called: name for name, called in CALLED.items() if name in taken}
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
