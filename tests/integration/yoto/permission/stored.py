"""Putting random rows into the tables."""

from __future__ import annotations

from typing import Any

from sqlalchemy import insert, select, update

from app.models import Category, Channel, Member, Server, User
from tests.unit.yoto.permission.worlds import NAMES, Row, Rows
from yoto.nodes import GLOBAL_KIND
from yoto.store.db import db
from yoto.store.models import (
    ChannelOverwrite,
    Effect,
    Permission,
    PermissionGroup,
    PermissionGroupMember,
    Role,
    RoleAssignment,
    RoleGrant,
    RoleGroupGrant,
)


def permission_ids() -> dict[str, int]:
    found = db.session.execute(
        select(Permission.name, Permission.id).where(Permission.name.in_(NAMES))
    )
    return {name: id_ for name, id_ in found}


def node(row: Row) -> str:
    """The text of the innermost node that a row names; empty: none."""
    kinds = (one for one in ("channel", "category", "server") if row.get(f"{one}_id") is not None)
    kind = next(kinds, None)
    return "" if kind is None else f"{kind}:{row[f'{kind}_id']}"


def store(rows: Rows, ids: dict[str, int]) -> None:
    """Insert a community in the session's transaction, which the caller rolls back."""

    def named(row: Row) -> Row:
        """The row with the permission's id for its name, and the effect as the model has it."""
        changed = dict(row)
        if "permission" in changed:
            changed["permission_id"] = ids[changed.pop("permission")]
        if "effect" in changed:
            changed["effect"] = Effect(changed["effect"])
        return changed

    def add(model: Any, found: list[Row], **more: Any) -> None:
        if found:
            db.session.connection().execute(
                insert(model.__table__), [named(row) | more for row in found]
            )

    people = [{**row, "username": f"user{row['id']}"} for row in rows.users]
    add(User, people, display_name="", password_hash="!")
    add(Server, rows.servers, name="server")
    add(Member, rows.members)
    add(Category, rows.categories, name="category")
    add(Channel, rows.channels, name="channel")
    add(Role, [{**row, "parent_id": None, "home": node(row)} for row in rows.roles])
    for row in rows.roles:
        if row["parent_id"] is not None:
            db.session.connection().execute(
                update(Role.__table__)
                .where(Role.__table__.c.id == row["id"])
                .values(parent_id=row["parent_id"])
            )
    add(PermissionGroup, [{**row, "name": f"group{row['id']}"} for row in rows.groups])
    add(PermissionGroupMember, rows.group_members)
    add(RoleGrant, [{**row, "scope_key": node(row) or GLOBAL_KIND} for row in rows.grants])
    in_scopes = [{**row, "scope_key": node(row) or GLOBAL_KIND} for row in rows.group_grants]
    add(RoleGroupGrant, in_scopes)
    add(RoleAssignment, rows.assignments)
    add(ChannelOverwrite, [{**row, "place": node(row)} for row in rows.overwrites])
