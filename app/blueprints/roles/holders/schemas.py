"""Assignments as the API shows them."""

from __future__ import annotations

import marshmallow as ma
from marshmallow.validate import Range

from yoto.api.people import PersonSchema
from yoto.http.fields import Instant
from yoto.http.paging import PageQuery
from yoto.http.reasons import ReasonSchema
from yoto.nodes import MAX_ID

HALF_OPEN = "In force while valid_from <= now < valid_until; null: no bound"


class WindowSchema(ma.Schema):
    """When a role is in force."""

    valid_from = Instant(required=True, allow_none=True, metadata={"description": HALF_OPEN})
    valid_until = Instant(required=True, allow_none=True)
    assigned_by = ma.fields.Integer(required=True, allow_none=True)
    created_at = Instant(required=True)


class HolderSchema(WindowSchema):
    """Somebody who holds a role."""

    user = ma.fields.Nested(PersonSchema, required=True)


class AssignmentSchema(WindowSchema):
    """A role that somebody holds."""

    role_id = ma.fields.Integer(required=True)
    user_id = ma.fields.Integer(required=True)


class AssignSchema(ReasonSchema):
    """When the role shall be in force."""

    valid_from = Instant(load_default=None, allow_none=True, metadata={"description": HALF_OPEN})
    valid_until = Instant(load_default=None, allow_none=True)


class AssignmentQuery(PageQuery):
    """The roles of one server, or without it the global ones."""

    server_id = ma.fields.Integer(load_default=None, validate=Range(1, MAX_ID))
