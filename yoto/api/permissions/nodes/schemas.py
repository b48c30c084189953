"""Assignments and overwrites at resources on the wire."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import marshmallow as ma
from marshmallow.validate import Length

from yoto.api.permissions.checks.schemas import NAME_LENGTH
from yoto.http.fields import Instant, Name, NodeId, RowId, TypeName, row_id, with_node_id
from yoto.http.reasons import ReasonSchema
from yoto.store.models.role import NODE_LENGTH

SUBJECT = {"description": "user:42, application:3, team:5, everyone:server:7 or public"}
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

    subject = ma.fields.String(required=True, validate=Length(1, SUBJECT_LENGTH), metadata=SUBJECT)
    role_id = RoleReference(required=True, metadata=ROLE)
    valid_from = Instant(load_default=None, allow_none=True)
    valid_until = Instant(load_default=None, allow_none=True)
    here_only = ma.fields.Boolean(load_default=False)


class UnassignQuery(AtQuery, ReasonSchema):
    """A role that a subject is to lose there."""

    subject = ma.fields.String(required=True, validate=Length(1, SUBJECT_LENGTH), metadata=SUBJECT)
    role_id = RoleReference(required=True, metadata=ROLE, spelled=True)


class HeldSchema(ma.Schema):
    """A role that a subject holds at a resource."""

    id = ma.fields.Integer(required=True)
    subject = ma.fields.String(required=True, metadata=SUBJECT)
    role_id = ma.fields.Integer(required=True)
    valid_from = Instant(required=True, allow_none=True)
    valid_until = Instant(required=True, allow_none=True)
    here_only = ma.fields.Boolean(required=True)


class HoldersSchema(ma.Schema):
    """The holders of roles at a resource itself."""

    items = ma.fields.List(ma.fields.Nested(HeldSchema), required=True)


class OverwriteAtSchema(AtSchema, ReasonSchema):
    """All overwrites of one role, person, program or team there and below."""

    target = ma.fields.String(required=True, validate=Length(1, SUBJECT_LENGTH), metadata=TARGET)
    allow = ma.fields.List(ma.fields.String(validate=Length(1, NAME_LENGTH)), load_default=list)
    deny = ma.fields.List(ma.fields.String(validate=Length(1, NAME_LENGTH)), load_default=list)


class ClearQuery(AtQuery, ReasonSchema):
    """The target whose overwrites are to be removed."""

    target = ma.fields.String(required=True, validate=Length(1, SUBJECT_LENGTH), metadata=TARGET)
