"""Roles as the API shows them."""

from __future__ import annotations

from typing import Any

import marshmallow as ma

from yoto.http.fields import Flag, Instant, Name, RowId, Whole
from yoto.http.reasons import ReasonSchema
from yoto.store.models import Role

NAME_LENGTH = Role.__table__.c.name.type.length  # type: ignore[attr-defined]
# Position 0 is the default role's; nobody ranks more roles than this by hand.
LOWEST, HIGHEST = 1, 1_000_000


class RoleSchema(ma.Schema):
    """A role. ``server_id`` null: a global one. A higher position stands above a lower one."""

    id = ma.fields.Integer(required=True)
    server_id = ma.fields.Integer(required=True, allow_none=True)
    name = ma.fields.String(required=True)
    parent_id = ma.fields.Integer(required=True, allow_none=True)
    position = ma.fields.Integer(required=True)
    active = ma.fields.Boolean(required=True)
    is_default = ma.fields.Boolean(required=True)
    access_request_id = ma.fields.Integer(
        required=True,
        allow_none=True,
        metadata={"description": "The access request that it holds something lent for"},
    )
    created_at = Instant(required=True)


class NewRoleSchema(ReasonSchema):
    """A role to make. It inherits what its parent grants."""

    name = Name(NAME_LENGTH, required=True)
    parent_id = RowId(load_default=None, allow_none=True)
    position = Whole(LOWEST, HIGHEST, load_default=LOWEST)
    active = Flag(load_default=True)


class ChangeRoleSchema(ReasonSchema):
    """Changes of a role; fields that are left out stay."""

    name = Name(NAME_LENGTH)
    parent_id = RowId(allow_none=True)
    position = Whole(LOWEST, HIGHEST)
    active = Flag()

    @ma.validates_schema
    def changes_something(self, data: dict[str, Any], **options: Any) -> None:
        if not data.keys() - {"reason"}:
            raise ma.ValidationError("Give at least one field to change.")
