"""A permission template's levels as overwrites."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from app.extensions import permissions
from yoto.api.templates import check_choice


def names_of(template: str, body: Mapping[str, Any]) -> dict[str, list[str]]:
    """``allow`` and ``deny`` of the overwrite.

    Raises:
        UnknownResource: there is no such template.
        ValidationFailed: as ``PermissionSystem.overwrite_from_template``.
    """
    level, parameters = body["level"], body["parameters"]
    check_choice(permissions.get_template(template), level, parameters)
    return permissions.overwrite_from_template(
        template, level, parameters, deny_beyond=body["deny_beyond"]
    )
