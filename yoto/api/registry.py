"""The permission registry: read here, and extended through the permission system."""

from __future__ import annotations

from datetime import datetime
from functools import partial
from typing import Annotated, Any, TypedDict

import marshmallow as ma
from marshmallow.validate import Length, OneOf
from sqlalchemy import select

from yoto.errors import UnknownResource
from yoto.extensions import permissions
from yoto.http.database_problems import conflict
from yoto.http.fields import Flag, Name, ReasonSchema, Text, TypeName, Whole
from yoto.http.operation import Actor, After, Limit, Subject
from yoto.http.paging import PAGE_DEFAULT, Page, cut
from yoto.http.shapes import schema_of
from yoto.permission import MOST_APPROVALS, require_permission
from yoto.store.columns import longest
from yoto.store.db import db
from yoto.store.models import OnPolicyError
from yoto.store.models import Permission as PermissionRow

MANAGE_REGISTRY = require_permission("admin.registry")
COLUMNS = PermissionRow.__table__.c
ON_POLICY_ERROR = [choice.value for choice in OnPolicyError]
APPROVALS = "How many persons must agree to lend it on request; 0: nobody may ask for it"
SCOPE_MEANING = "The narrowest scope in which the permission means something"


class Permission(TypedDict):
    """A registered permission. Name and bit never change."""

    id: int
    name: str
    bit: int
    scope: Annotated[str, SCOPE_MEANING]
    group: Annotated[str | None, partial(ma.fields.String, attribute="category")]
    description: str
    abac: Annotated[bool, "Whether policies take part in every verdict"]
    on_policy_error: Annotated[
        str, OneOf(ON_POLICY_ERROR), "What counts where policies give no verdict"
    ]
    requires_approvals: Annotated[int, APPROVALS]
    created_at: datetime


PermissionSchema = schema_of(Permission)
registry = Subject(
    "registry",
    "/admin/permissions",
    "Which permissions there are",
    "permission",
    names={PermissionRow: PermissionSchema},
)


class NewPermissionSchema(ReasonSchema):
    """A permission to register."""

    name = ma.fields.String(
        required=True,
        validate=Length(max=longest(COLUMNS.name)),
        metadata={"description": "Dotted and lower case, such as message.send"},
    )
    scope = TypeName(load_default="channel", metadata={"description": SCOPE_MEANING})
    group = Name(longest(COLUMNS.category), load_default=None)
    description = Text(longest(COLUMNS.description), load_default="")
    abac = Flag(load_default=False)
    on_policy_error = ma.fields.String(
        load_default=OnPolicyError.DENY.value, validate=OneOf(ON_POLICY_ERROR)
    )
    requires_approvals = Whole(
        0, MOST_APPROVALS, load_default=None, metadata={"description": APPROVALS}
    )


@registry.operation("GET", "", MANAGE_REGISTRY)
def list_permissions(after: After = None, limit: Limit = PAGE_DEFAULT) -> Page[PermissionRow]:
    """All registered permissions"""
    statement = select(PermissionRow).where(PermissionRow.id > (after or 0))
    rows = db.session.scalars(statement.order_by(PermissionRow.id).limit(limit + 1)).all()
    return cut(rows, limit, lambda permission: permission.id)


@registry.operation("GET", "/<permission>", MANAGE_REGISTRY, also=(404,))
def read_permission(permission: str) -> PermissionRow:
    """A registered permission"""
    found = _find(permission)
    if found is None:
        raise UnknownResource("permission", permission, "permission")
    return found


@registry.operation(
    "POST",
    "",
    MANAGE_REGISTRY,
    body=NewPermissionSchema,
    once=True,
    status=201,
    location=("read_permission", "name"),
    also=(409,),
)
def register_permission(actor_id: Actor, **new: Any) -> PermissionRow:
    """Register a permission; it can never be taken back"""
    if _find(new["name"]) is not None:
        raise conflict("name", "is registered already")
    permissions.register_permission(**new, actor_id=actor_id)
    return read_permission(new["name"])


def _find(name: str) -> PermissionRow | None:
    return db.session.scalar(select(PermissionRow).where(PermissionRow.name == name))
