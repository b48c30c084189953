"""Assignments and overwrites at resources of any type, for callers who may make them.

Administrators and owners of a resource, or of a resource above it, may hand out rights there, and
managers of global roles may everywhere. A permission by which its type shares a role lets its
holder give and take that role. The permission system decides which rights each of them may give,
and to whom.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Annotated, Any, TypedDict

import marshmallow as ma
from marshmallow.validate import Length

from yoto.api.permissions.checks.asking import Question, demand_insight
from yoto.api.permissions.checks.schemas import NAME_LENGTH
from yoto.api.visibility import demand_sight
from yoto.auth.access import signed_in
from yoto.errors import PermissionDenied
from yoto.extensions import permissions
from yoto.http.fields import (
    Instant,
    Name,
    NodeId,
    ReasonSchema,
    RowId,
    TypeName,
    row_id,
    with_node_id,
)
from yoto.http.operation import Actor, Subject
from yoto.permission import (
    MembershipStatus,
    Place,
    subject_of_text,
    subject_text,
    target_of_text,
)
from yoto.store.models.role import NODE_LENGTH

GLOBAL_ROLES = "admin.roles"
NOT_YOURS = "not_administrator"
HOLDERS, OVERWRITES = "/holders", "/overwrites"
SUBJECT = "user:42, application:3, team:5, everyone:server:7 or public"
TARGET = {"description": "role:9, user:42, application:3 or team:5"}
ROLE = {"description": "Its id, or the name of one that the application declares"}
SUBJECT_LENGTH = len("everyone:") + NODE_LENGTH  # characters


class RoleReference(ma.fields.Field[Any]):
    """A role by its id, or by the name that the application declares.

    Args:
        spelled: the id comes from a query, in which integers are texts.
    """

    def __init__(
        self, *, metadata: Mapping[str, Any], spelled: bool = False, **options: Any
    ) -> None:
        super().__init__(metadata={"type": ["integer", "string"], **metadata}, **options)
        self._spelled = spelled

    def _deserialize(self, value: Any, attr: str | None, data: Any, **options: Any) -> int | str:
        if self._spelled:
            value = row_id(value) or value
        field: ma.fields.Field[Any] = _NAME if isinstance(value, str) else _ID
        found: int | str = field.deserialize(value, attr, data)
        return found


_ID, _NAME = RowId(), Name(NAME_LENGTH)


class AtQuery(ma.Schema):
    """A resource."""

    scope = TypeName(everywhere=False, required=True)
    scope_id = NodeId(required=True)

    @ma.post_load
    def as_its_type_has_it(self, data: dict[str, Any], **options: Any) -> dict[str, Any]:
        return with_node_id(data, "scope", "scope_id", spelled=True)


class AtSchema(ma.Schema):
    """A resource, in a body."""

    scope = TypeName(everywhere=False, required=True)
    scope_id = NodeId(required=True)

    @ma.post_load
    def as_its_type_has_it(self, data: dict[str, Any], **options: Any) -> dict[str, Any]:
        return with_node_id(data, "scope", "scope_id")


class AssignAtSchema(AtSchema, ReasonSchema):
    """A role that a subject is to hold there, and its period; null: no bound."""

    subject = ma.fields.String(
        required=True, validate=Length(1, SUBJECT_LENGTH), metadata={"description": SUBJECT}
    )
    role_id = RoleReference(required=True, metadata=ROLE)
    valid_from = Instant(load_default=None, allow_none=True)
    valid_until = Instant(load_default=None, allow_none=True)
    here_only = ma.fields.Boolean(load_default=False)


class UnassignQuery(AtQuery, ReasonSchema):
    """A role that a subject is to lose there."""

    subject = ma.fields.String(
        required=True, validate=Length(1, SUBJECT_LENGTH), metadata={"description": SUBJECT}
    )
    role_id = RoleReference(required=True, metadata=ROLE, spelled=True)


class OverwriteAtSchema(AtSchema, ReasonSchema):
    """All overwrites of one role, person, program or team there and below."""

    target = ma.fields.String(required=True, validate=Length(1, SUBJECT_LENGTH), metadata=TARGET)
    allow = ma.fields.List(ma.fields.String(validate=Length(1, NAME_LENGTH)), load_default=list)
    deny = ma.fields.List(ma.fields.String(validate=Length(1, NAME_LENGTH)), load_default=list)


class ClearQuery(AtQuery, ReasonSchema):
    """The target whose overwrites are to be removed."""

    target = ma.fields.String(required=True, validate=Length(1, SUBJECT_LENGTH), metadata=TARGET)


class Held(TypedDict):
    """A role that a subject holds at a resource."""

    id: int
    subject: Annotated[str, SUBJECT]
    role_id: int
    valid_from: datetime | None
    valid_until: datetime | None
    here_only: bool


class Holders(TypedDict):
    """The holders of roles at a resource itself."""

    items: Sequence[Held]


nodes = Subject(
    "nodes",
    "/permissions",
    "Who holds roles at resources, and what is overwritten there",
    "resource",
)


@nodes.operation("GET", HOLDERS, signed_in, body=AtQuery, also=(404,))
def list_holders_at_resource(actor_id: Actor, **asked: Any) -> Holders:
    """Holders of roles at a resource itself, with sets as such

    It takes the right to audit there, or `admin.audit`.
    """
    place = _place(asked)
    demand_insight(actor_id, [Question("", *place)])
    permissions.sites_of([place])
    return {
        "items": [
            {
                "id": one.id,
                "subject": subject_text(one.subject),
                "role_id": one.role_id,
                "valid_from": one.valid_from,
                "valid_until": one.valid_until,
                "here_only": one.here_only,
            }
            for one in permissions.holders(*place)
        ]
    }


@nodes.operation("PUT", HOLDERS, signed_in, body=AssignAtSchema, also=(404, 409))
def assign_at_resource(actor_id: Actor, **asked: Any) -> None:
    """Give a subject a role at a resource, with all resources below it or (`here_only`) without

    The caller must be its administrator or owner, have `admin.roles`, or have a permission by which
    its type shares this role; and must have the rights that the role gives.
    """
    permissions.assign(
        subject_of_text(asked["subject"]),
        asked["role_id"],
        _handed_out(actor_id, asked),
        asked["valid_from"],
        asked["valid_until"],
        here_only=asked["here_only"],
        actor_id=actor_id,
        reason=asked["reason"],
    )


@nodes.operation("DELETE", HOLDERS, signed_in, body=UnassignQuery, also=(404, 409))
def unassign_at_resource(actor_id: Actor, **asked: Any) -> None:
    """Take a role at a resource from a subject

    It takes the same rights as giving this role.
    """
    permissions.unassign(
        subject_of_text(asked["subject"]),
        asked["role_id"],
        _handed_out(actor_id, asked),
        actor_id=actor_id,
        reason=asked["reason"],
    )


@nodes.operation("PUT", OVERWRITES, signed_in, body=OverwriteAtSchema, also=(404, 409))
def overwrite_at_resource(actor_id: Actor, **asked: Any) -> None:
    """Set all overwrites of a role, person, program or team at a resource

    The caller must be its administrator or owner, or have `admin.roles`; and must have the
    permissions that the overwrites allow.
    """
    permissions.set_overwrite(
        at=managed(actor_id, _place(asked)),
        **target_of_text(asked["target"]),
        allow=asked["allow"],
        deny=asked["deny"],
        actor_id=actor_id,
        reason=asked["reason"],
    )


@nodes.operation("DELETE", OVERWRITES, signed_in, body=ClearQuery, also=(404, 409))
def clear_at_resource(actor_id: Actor, **asked: Any) -> None:
    """Remove all overwrites of a target at a resource"""
    permissions.clear_overwrite(
        at=managed(actor_id, _place(asked)),
        **target_of_text(asked["target"]),
        actor_id=actor_id,
        reason=asked["reason"],
    )


def managed(caller_id: int, place: Place) -> Place:
    """The place, if the caller may hand out rights there.

    Raises:
        PermissionDenied: the caller may not.
        UnknownResource: the place does not exist, or is hidden from the caller.
    """
    if not _manages(caller_id, place):
        raise PermissionDenied(NOT_YOURS, GLOBAL_ROLES)
    return place


def _manages(caller_id: int, place: Place) -> bool:
    """Whether the caller may hand out rights at a place, which they must be able to see.

    Raises:
        UnknownResource: they cannot.
    """
    if permissions.check_permission(caller_id, GLOBAL_ROLES):
        return True
    demand_sight(caller_id, [place])
    return permissions.effective(caller_id, *place).status >= MembershipStatus.ADMINISTRATOR


def _place(asked: Mapping[str, Any]) -> Place:
    return Place(asked["scope"], asked["scope_id"])


def _handed_out(caller_id: int, asked: Mapping[str, Any]) -> Place:
    """The place where a role is to be given or taken, if the caller may hand out rights there, or
    may share that role and no policy denies it; raises as ``managed``.
    """
    place = _place(asked)
    if not _manages(caller_id, place):
        by = permissions.shared_by(caller_id, asked["role_id"], place)
        if not any(permissions.check_permission(caller_id, one, *place) for one in by):
            raise PermissionDenied(NOT_YOURS, GLOBAL_ROLES)
    return place
