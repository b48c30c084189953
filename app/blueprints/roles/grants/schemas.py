"""Grants as the API shows them."""

from __future__ import annotations

import marshmallow as ma
from marshmallow.validate import OneOf

from yoto.api.permissions.checks.schemas import PlaceQuery, PlaceSchema
from yoto.http.fields import NodeId, TypeName
from yoto.http.reasons import ReasonSchema
from yoto.nodes import GLOBAL_KIND
from yoto.store.models import Effect

EFFECTS = [effect.value for effect in Effect]
SCOPE_MEANING = "global: wherever the role is held; a server's role is held only there"


class ScopedSchema(ma.Schema):
    """An effect in a scope."""

    effect = ma.fields.String(required=True, validate=OneOf(EFFECTS))
    scope = ma.fields.String(required=True, metadata={"description": SCOPE_MEANING})
    scope_id = NodeId(required=True, allow_none=True)


class GrantSchema(ScopedSchema):
    """One permission that a role allows or denies in a scope."""

    id = ma.fields.Integer(required=True)
    permission = ma.fields.String(required=True)


class GroupGrantSchema(ScopedSchema):
    """A permission group that a role allows or denies in a scope."""

    id = ma.fields.Integer(required=True)
    group_id = ma.fields.Integer(required=True)
    group = ma.fields.String(required=True)


class ScopeSchema(PlaceSchema):
    """Where a grant shall count."""

    scope = TypeName(load_default=GLOBAL_KIND, metadata={"description": SCOPE_MEANING})


class SetGrantSchema(ReasonSchema, ScopeSchema):
    """Permissions that the role is to have there."""

    effect = ma.fields.String(load_default=Effect.ALLOW.value, validate=OneOf(EFFECTS))


class ScopeQuery(ReasonSchema, PlaceQuery):
    """In which scope a grant is to go, and why."""
