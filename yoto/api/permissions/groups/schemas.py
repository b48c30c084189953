"""Permission groups on the wire."""

from __future__ import annotations

from typing import Any

import marshmallow as ma
from marshmallow.validate import Length

from yoto.api.reasons import ReasonSchema
from yoto.http.fields import Name, Text
from yoto.store.columns import longest
from yoto.store.models import PermissionGroup

NAME_LENGTH = longest(PermissionGroup.__table__.c.name)
DESCRIPTION_LENGTH = 500
MEMBERS_MAX = 1_000


class GroupSchema(ma.Schema):
    """A group with the names of its permissions."""

    id = ma.fields.Integer(required=True)
    name = ma.fields.String(required=True)
    description = ma.fields.String(required=True)
    permissions = ma.fields.List(ma.fields.String(), required=True)


class NewGroupSchema(ReasonSchema):
    """A group to make."""

    name = Name(NAME_LENGTH, required=True)
    description = Text(DESCRIPTION_LENGTH, load_default="")
    permissions = ma.fields.List(
        ma.fields.String(), load_default=list, validate=Length(max=MEMBERS_MAX)
    )


class ChangeGroupSchema(ReasonSchema):
    """New name or description of a group; fields left out stay as they are."""

    name = Name(NAME_LENGTH)
    description = Text(DESCRIPTION_LENGTH)

    @ma.validates_schema
    def changes_something(self, data: dict[str, Any], **options: Any) -> None:
        if not data.keys() - {"reason"}:
            raise ma.ValidationError("Give 'name' or 'description'.")
