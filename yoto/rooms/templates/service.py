"""Permission templates: registering their permissions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import select

from yoto.rooms.templates.applying import TEMPLATES
from yoto.store.db import db
from yoto.store.models import Permission


def register(actor_id: int, template: str, body: Mapping[str, Any]) -> Sequence[Permission]:
    """Register the missing permissions of a template; returns all of them, lowest level first.

    Raises:
        UnknownResource: there is no such template.
        ValidationFailed: wrong parameters, or a permission that is registered for another scope.
    """
    TEMPLATES.check(template, None, body["parameters"])
    receipt = TEMPLATES.register(
        template, body["parameters"], actor_id=actor_id, reason=body["reason"]
    )
    found = db.session.scalars(select(Permission).where(Permission.id.in_(receipt.ids)))
    by_id = {permission.id: permission for permission in found}
    return [by_id[permission_id] for permission_id in receipt.ids]
