"""Overwrites on the wire."""

from __future__ import annotations

from typing import Any

import marshmallow as ma
from marshmallow.validate import Length

PERMISSION_LENGTH = 128
PERMISSIONS_MAX = 200  # names in one list; more than are registered would only repeat some


def _names() -> ma.fields.List:
    name = ma.fields.String(validate=Length(1, PERMISSION_LENGTH))
    return ma.fields.List(name, validate=Length(max=PERMISSIONS_MAX), load_default=())


class Names(ma.fields.List):
    """Permission names, sorted on output."""

    def _serialize(self, value: Any, attr: str | None, obj: Any, **options: Any) -> list[str]:
        return sorted(value)


class OverwriteSchema(ma.Schema):
    """The overwrites of one role or user."""

    target_type = ma.fields.String(required=True, metadata={"enum": ["role", "user"]})
    target_id = ma.fields.Integer(required=True)
    allow = Names(ma.fields.String(), required=True)
    deny = Names(ma.fields.String(), required=True)


class ChangeOverwriteSchema(ma.Schema):
    """All permissions to allow and deny to the target; others follow the remaining rules."""

    allow = _names()
    deny = _names()


class OverwritesSchema(ma.Schema):
    """The overwrites in force in a place. ``synced``: whether they are those of the category."""

    synced = ma.fields.Boolean(required=True)
    items = ma.fields.List(ma.fields.Nested(OverwriteSchema), required=True)
