"""Reading all roles of some homes, whoever holds them."""

from __future__ import annotations

from collections.abc import Collection
from typing import NamedTuple

from sqlalchemy import select
from sqlalchemy.engine import Connection
from sqlalchemy.orm import Session

from yoto.permission.statements import role_parents, roles


class RoleRow(NamedTuple):
    """A role, whether in force or not.

    Attributes:
        home: the node that it belongs to, as a text; empty: none, it is global.
        parents: all that it inherits from, its first parent first.
    """

    id: int
    home: str
    parents: tuple[int, ...]
    active: bool
    is_default: bool
    name: str
    position: int = 0


def roles_of(source: Session | Connection, homes: Collection[str]) -> dict[int, RoleRow]:
    """The roles of these homes by id, in two statements; an empty text is that of global ones."""
    in_homes = roles.c.home.in_(homes)
    of = select(
        roles.c.id,
        roles.c.home,
        roles.c.parent_id,
        roles.c.active,
        roles.c.is_default,
        roles.c.name,
        roles.c.position,
    )
    found = {}
    for id_, home, parent_id, active, is_default, name, position in source.execute(
        of.where(in_homes)
    ):
        first = () if parent_id is None else (parent_id,)
        found[id_] = RoleRow(id_, home, first, bool(active), bool(is_default), name, position)
    others = select(role_parents.c.role_id, role_parents.c.parent_id).join(
        roles, roles.c.id == role_parents.c.role_id
    )
    for role_id, parent_id in source.execute(others.where(in_homes)):
        row = found.get(role_id)
        if row is not None:
            found[role_id] = row._replace(parents=(*row.parents, parent_id))
    return found
