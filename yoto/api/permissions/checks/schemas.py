"""Questions and answers on the wire."""

from __future__ import annotations

from typing import Any

import marshmallow as ma
from marshmallow.validate import Length

from yoto.http.fields import NodeId, RowId, TypeName, with_node_id
from yoto.nodes import GLOBAL_KIND

CHECKS_MAX = 1_000  # each distinct place takes two statements
USERS_MAX = 10_000  # all of them take four statements
NAME_LENGTH = 128


class PlaceSchema(ma.Schema):
    """The place of a question."""

    scope = TypeName(load_default=GLOBAL_KIND)
    scope_id = NodeId(load_default=None, allow_none=True)

    @ma.post_load
    def as_its_type_has_it(self, data: dict[str, Any], **options: Any) -> dict[str, Any]:
        return with_node_id(data, "scope", "scope_id")


class QuestionSchema(PlaceSchema):
    """A permission in a place."""

    permission = ma.fields.String(required=True, validate=Length(max=NAME_LENGTH))


class CheckSchema(QuestionSchema):
    """One question; about the caller when no user is named."""

    user_id = RowId(load_default=None, allow_none=True)


class WayToAskSchema(QuestionSchema):
    """The body to send, with a reason, to be lent a permission."""

    href = ma.fields.String(required=True)


class VerdictSchema(QuestionSchema):
    """The answer to one question."""

    user_id = ma.fields.Integer(required=True)
    allowed = ma.fields.Boolean(required=True)
    reason = ma.fields.String(
        required=True,
        allow_none=True,
        metadata={"description": "A code; null when the question is about somebody else"},
    )
    access_request = ma.fields.Nested(
        WayToAskSchema, metadata={"description": "Where you may ask for what you lack"}
    )


class CheckBatchSchema(ma.Schema):
    """Many questions about one user; about the caller when no user is named."""

    user_id = RowId(load_default=None, allow_none=True)
    checks = ma.fields.List(
        ma.fields.Nested(QuestionSchema), required=True, validate=Length(1, CHECKS_MAX)
    )


class VerdictsSchema(ma.Schema):
    """The answers, in the order of the questions."""

    user_id = ma.fields.Integer(required=True)
    allowed = ma.fields.List(ma.fields.Boolean(), required=True)


class CheckUsersSchema(QuestionSchema):
    """One question about many users."""

    user_ids = ma.fields.List(RowId(), required=True, validate=Length(1, USERS_MAX))


class AllowedUsersSchema(ma.Schema):
    """Those of the users who have the permission there."""

    allowed = ma.fields.List(ma.fields.Integer(), required=True)


class PlaceQuery(ma.Schema):
    """A place: a scope, and its id unless it is the global one."""

    scope = TypeName(load_default=GLOBAL_KIND)
    scope_id = NodeId(load_default=None)

    @ma.post_load
    def as_its_type_has_it(self, data: dict[str, Any], **options: Any) -> dict[str, Any]:
        return with_node_id(data, "scope", "scope_id", spelled=True)


class EffectiveSchema(PlaceSchema):
    """All permissions of somebody in a place."""

    permissions = ma.fields.List(ma.fields.String(), required=True)
