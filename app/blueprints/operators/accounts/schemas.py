"""Operators as they see each other."""

from __future__ import annotations

import marshmallow as ma
from marshmallow.validate import OneOf, Regexp

from app.models.user import USERNAME_PATTERN
from yoto.http.control_api import RIGHTS, ActSchema
from yoto.http.fields import Flag, Instant, RowId
from yoto.http.paging import page_of


class OperatorRoleSchema(ma.Schema):
    """A global role that gives rights on the platform."""

    id = ma.fields.Integer(required=True)
    name = ma.fields.String(required=True)
    active = Flag(required=True)
    rights = ma.fields.List(
        ma.fields.String(validate=OneOf(RIGHTS)),
        required=True,
        metadata={"description": "Of itself or of the roles above it"},
    )


class OperatorRolesSchema(ma.Schema):
    """All of them, lowest position first."""

    items = ma.fields.List(ma.fields.Nested(OperatorRoleSchema), required=True)


class HeldRoleSchema(OperatorRoleSchema):
    """A role that somebody was given."""

    valid_from = Instant(required=True, allow_none=True)
    valid_until = Instant(required=True, allow_none=True)


class SignInsSchema(ma.Schema):
    """With what an account gets in, and when it last did."""

    tokens = ma.fields.Integer(required=True, metadata={"description": "Valid API tokens"})
    second_factor = Flag(required=True, metadata={"description": "Signs in with a code"})
    last_sign_in = Instant(
        required=True, allow_none=True, metadata={"description": "To the control plane"}
    )
    sessions_end = Instant(
        required=True,
        allow_none=True,
        metadata={
            "description": "When the last session of the control plane ends; null: none is open"
        },
    )


class OperatorSchema(SignInsSchema):
    """Somebody who was given rights on the platform."""

    id = ma.fields.Integer(required=True)
    username = ma.fields.String(required=True)
    display_name = ma.fields.String(required=True)
    super_admin = Flag(required=True)
    disabled = Flag(required=True, metadata={"description": "Cannot sign in, nor do anything"})
    rights = ma.fields.List(
        ma.fields.String(validate=OneOf(RIGHTS)),
        required=True,
        metadata={"description": "What the account may do now"},
    )
    roles = ma.fields.List(ma.fields.Nested(HeldRoleSchema), required=True)


class GrantRoleSchema(ActSchema):
    """A role to give."""

    username = ma.fields.String(required=True, validate=Regexp(rf"{USERNAME_PATTERN}\Z"))
    role_id = RowId(required=True)
    valid_until = Instant(load_default=None, allow_none=True)


class RevokeRoleSchema(ActSchema):
    """A role to take back."""

    role_id = RowId(required=True)


OPERATOR_PAGE = page_of(OperatorSchema)
