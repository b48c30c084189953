"""Registered permissions on the wire."""

from __future__ import annotations

import marshmallow as ma
from marshmallow.validate import Length, OneOf

from yoto.http.fields import Flag, Instant, Name, Text, TypeName, Whole
from yoto.http.reasons import ReasonSchema
from yoto.permission import MOST_APPROVALS
from yoto.store.columns import longest
from yoto.store.models import OnPolicyError, Permission

COLUMNS = Permission.__table__.c
ON_POLICY_ERROR = [choice.value for choice in OnPolicyError]
APPROVALS = "How many persons must agree to lend it on request; 0: nobody may ask for it"
SCOPE_MEANING = "The narrowest scope in which the permission means something"


class PermissionSchema(ma.Schema):
    """A registered permission. Name and bit never change."""

    id = ma.fields.Integer(required=True)
    name = ma.fields.String(required=True)
    bit = ma.fields.Integer(required=True)
    scope = ma.fields.String(required=True, metadata={"description": SCOPE_MEANING})
    group = ma.fields.String(required=True, allow_none=True, attribute="category")
    description = ma.fields.String(required=True)
    abac = ma.fields.Boolean(
        required=True, metadata={"description": "Whether policies take part in every verdict"}
    )
    on_policy_error = ma.fields.String(
        required=True,
        validate=OneOf(ON_POLICY_ERROR),
        metadata={"description": "What counts where policies give no verdict"},
    )
    requires_approvals = ma.fields.Integer(required=True, metadata={"description": APPROVALS})
    created_at = Instant(required=True)


class NewPermissionSchema(ReasonSchema):
    """A permission to register."""

    name = ma.fields.String(
        required=True,
        validate=Length(max=longest(COLUMNS.name)),
        metadata={"description": "Dotted and lower case, such as message.send"},
    )
    scope = TypeName(load_default="channel", metadata={"description": SCOPE_MEANING})
    group = Name(
        longest(COLUMNS.category),
        load_default=None,
        allow_none=True,
    )
    description = Text(longest(COLUMNS.description), load_default="")
    abac = Flag(load_default=False)
    on_policy_error = ma.fields.String(
        load_default=OnPolicyError.DENY.value, validate=OneOf(ON_POLICY_ERROR)
    )
    requires_approvals = Whole(
        0, MOST_APPROVALS, load_default=None, allow_none=True, metadata={"description": APPROVALS}
    )
