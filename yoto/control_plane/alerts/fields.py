"""Field types that the schemas of alerts share."""

from __future__ import annotations

from typing import Any

import marshmallow as ma
from marshmallow.validate import OneOf

from yoto.monitor import Level

LEVELS = [level.value for level in Level]


class LevelField(ma.fields.String):
    """``warning``, ``error`` or ``critical``."""

    def __init__(self, **options: Any) -> None:
        super().__init__(validate=OneOf(LEVELS), **options)


class UnitField(ma.fields.String):
    """In what a value is measured.

    ``count``, ``share`` (0 to 1), ``ms``, ``s``, ``bytes`` or ``per_second``.
    """
