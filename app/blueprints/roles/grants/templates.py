"""Granting a role what a permission template stands for."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import select

from app.blueprints.naming import api_names
from app.blueprints.roles.grants.service import FIELDS, shown
from app.extensions import permissions
from yoto.api.templates import check_choice
from yoto.store.db import db
from yoto.store.models import Permission, RoleGrant


def apply_template(
    actor_id: int, role_id: int, template: str, body: Mapping[str, Any]
) -> dict[str, Any]:
    """Let the role allow all that a level of a template has, in a scope; its grants as they are.

    Raises:
        UnknownResource: there is no such template, or no such place.
        ValidationFailed, PermissionDenied: as ``PermissionSystem.apply_template``.
    """
    check_choice(permissions.get_template(template), body["level"], body["parameters"])
    with api_names(FIELDS):
        receipt = permissions.apply_template(
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
