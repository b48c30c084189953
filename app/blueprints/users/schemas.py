"""Bodies and answers of the user API."""

from __future__ import annotations

from typing import Any

import marshmallow as ma
from marshmallow.validate import Length, Range

from app.models.user import EXTERNAL_ID_LENGTH
from yoto.http.fields import Flag, Instant, Text
from yoto.http.paging import PageQuery
from yoto.http.reasons import ReasonSchema

SEARCH_MAX = 20  # profiles; a search box shows no more


class ProfileSchema(ma.Schema):
    """The part of an account that every signed-in person may see."""

    id = ma.fields.Integer(required=True)
    username = ma.fields.String(required=True)
    display_name = ma.fields.String(required=True)
    created_at = Instant(required=True)


class ManagedAccountSchema(ProfileSchema):
    """An account as an administrator sees it."""

    disabled = ma.fields.Boolean(required=True)
    super_admin = ma.fields.Boolean(required=True)
    external_id = ma.fields.String(required=True, allow_none=True)


class SearchQuery(ma.Schema):
    """How the username begins."""

    username = ma.fields.String(required=True, validate=Length(min=1, max=32))
    limit = ma.fields.Integer(load_default=SEARCH_MAX, validate=Range(1, SEARCH_MAX))


class SearchResultSchema(ma.Schema):
    """The first matches by name."""

    items = ma.fields.List(ma.fields.Nested(ProfileSchema), required=True)


class AccountQuery(PageQuery):
    """A choice of accounts."""

    username = ma.fields.String(
        load_default=None,
        validate=Length(min=1, max=32),
        metadata={"description": "How the username begins"},
    )
    disabled = ma.fields.Boolean(load_default=None)
    super_admin = ma.fields.Boolean(load_default=None)


class ChangeAccountSchema(ReasonSchema):
    """Changes by an administrator; fields that are left out stay."""

    disabled = Flag()
    super_admin = Flag()
    external_id = Text(
        EXTERNAL_ID_LENGTH,
        min_length=1,
        allow_none=True,
        metadata={"description": "How another application calls the account"},
    )

    @ma.validates_schema
    def changes_something(self, data: dict[str, Any], **options: Any) -> None:
        if not data.keys() & {"disabled", "super_admin", "external_id"}:
            raise ma.ValidationError("Give 'disabled', 'super_admin' or 'external_id'.")
