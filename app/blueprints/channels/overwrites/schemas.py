"""What overwrites look like on the wire."""

from __future__ import annotations

from typing import Any

import marshmallow as ma
from marshmallow.validate import Length

PERMISSION_LENGTH = 128
PERMISSIONS_MAX = 200  # names in one list; more than are registered would only be repetition


def _names() -> ma.fields.List:
    name = ma.fields.String(validate=Length(1, PERMISSION_LENGTH))
    return ma.fields.List(name, validate=Length(max=PERMISSIONS_MAX), load_default=())


class Names(ma.fields.List):
    """Permission names that leave in order."""

    def _serialize(self, value: Any, attr: str | None, obj: Any, **options: Any) -> list[str]:
        return sorted(value)


class OverwriteSchema(ma.Schema):
    """What one role or user may do differently."""

    target_type = ma.fields.String(required=True, metadata={"enum": ["role", "user"]})
    target_id = ma.fields.Integer(required=True)
    allow = Names(ma.fields.String(), required=True)
    deny = Names(ma.fields.String(), required=True)


class ChangeOverwriteSchema(ma.Schema):
    """All that the target is to be allowed and denied; what is not named is left to the rest."""

    allow = _names()
    deny = _names()


class OverwritesSchema(ma.Schema):
    """The overwrites in force in a place. ``synced``: they are those of the category."""

    synced = ma.fields.Boolean(required=True)
    items = ma.fields.List(ma.fields.Nested(OverwriteSchema), required=True)
