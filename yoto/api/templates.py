"""The choice of a permission template's level in requests."""

from __future__ import annotations

from collections.abc import Mapping

import marshmallow as ma
from marshmallow.validate import Length

from yoto.errors import ValidationFailed
from yoto.permission import PermissionTemplate

LABEL_LENGTH = 64
PARAMETERS_MAX = 20


class ParametersSchema(ma.Schema):
    """Values for a template's parameters."""

    parameters = ma.fields.Dict(
        keys=ma.fields.String(validate=Length(1, LABEL_LENGTH)),
        values=ma.fields.String(validate=Length(1, LABEL_LENGTH)),
        load_default=dict,
        validate=Length(max=PARAMETERS_MAX),
        metadata={"description": "Values for what the template leaves open, by name"},
    )


class LevelChoiceSchema(ParametersSchema):
    """One level of a template."""

    level = ma.fields.String(required=True, validate=Length(1, LABEL_LENGTH))


def check_choice(
    template: PermissionTemplate, level: str | None, parameters: Mapping[str, str]
) -> None:
    """Refuse a level or parameters that ``template`` cannot render.

    Args:
        level: None stands for all levels.

    Raises:
        ValidationFailed: field ``level``, or such as ``parameters.resource``.
    """
    if level is not None and level not in template.level_names():
        template.at(level)
    try:
        template.highest(parameters)
    except ValidationFailed as error:
        raise ValidationFailed(
            {f"parameters.{name}": texts for name, texts in error.errors.items()}
        ) from error
