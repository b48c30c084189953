"""Giving roles and overwrites what a permission template stands for."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import select

from app.blueprints.naming import api_names
from app.blueprints.roles.grants.service import FIELDS, shown
from app.extensions import permissions
from yoto.store.db import db
from yoto.store.models import Permission, RoleGrant


def apply_template(
    actor_id: int, role_id: int, template: str, body: Mapping[str, Any]
) -> dict[str, Any]:
    """Let the role allow all that a level of a template has, in a scope; its grants as they are.

    Raises:
        UnknownResource: there is no such template, or no such place.
        ValidationFailed, PermissionDenied: as ``permissions.templates.apply``.
    """
    permissions.templates.check(template, body["level"], body["parameters"])
    with api_names(FIELDS):
        receipt = permissions.templates.apply(
            role_id,
            template,
            body["level"],
            body["scope"],
            body["scope_id"],
            parameters=body["parameters"],
            replace=body["replace"],
            actor_id=actor_id,
            reason=body["reason"],
        )
    statement = (
        select(RoleGrant, Permission.name)
        .join(Permission, Permission.id == RoleGrant.permission_id)
        .where(RoleGrant.id.in_(receipt.ids))
    )
    found = {row.id: shown(row, permission=name) for row, name in db.session.execute(statement)}
    grants = [found[grant_id] for grant_id in receipt.ids]
    return {"template": template, "level": body["level"], "grants": grants}


def names_of_overwrite(template: str, body: Mapping[str, Any]) -> dict[str, list[str]]:
    """``allow`` and ``deny`` of the overwrite that a template's level makes.

    Raises:
        UnknownResource: there is no such template.
        ValidationFailed: as ``permissions.templates.overwrite``.
    """
    level, parameters = body["level"], body["parameters"]
    permissions.templates.check(template, level, parameters)
    names: dict[str, list[str]] = permissions.templates.overwrite(
        template, level, parameters, deny_beyond=body["deny_beyond"]
    )
    return names
