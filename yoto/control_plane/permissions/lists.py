"""Servers, channels and accounts by name."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select

from yoto.api.people import Person, accounts
from yoto.api.rows import existing
from yoto.http.paging import Page, cut
from yoto.store.db import db
from yoto.store.models import Category, Channel, Server


def servers(search: str, after: int | None, limit: int) -> Page[Server]:
    """A page of the servers whose name contains ``search``, by id."""
    statement = select(Server).where(Server.id > (after or 0)).order_by(Server.id)
    if search.strip():
        statement = statement.where(Server.name.icontains(search.strip(), autoescape=True))
    return cut(db.session.scalars(statement.limit(limit + 1)).all(), limit, lambda row: row.id)


def channels(server_id: int, search: str, after: int | None, limit: int) -> Page[dict[str, Any]]:
    """A page of the channels of a server whose name contains ``search``, by id.

    Raises:
        UnknownResource: there is no such server.
    """
    existing(Server, server_id)
    statement = (
        select(Channel.id, Channel.name, Category.name.label("category"))
        .outerjoin(Category, Category.id == Channel.category_id)
        .where(Channel.server_id == server_id, Channel.id > (after or 0))
        .order_by(Channel.id)
    )
    if search.strip():
        statement = statement.where(Channel.name.icontains(search.strip(), autoescape=True))
    rows = db.session.execute(statement.limit(limit + 1)).mappings().all()
    return cut([dict(row) for row in rows], limit, lambda row: int(row["id"]))


def users(search: str, after: int | None, limit: int) -> Page[Person]:
    """A page of the accounts whose username begins with ``search``, by id."""
    found = accounts(
        after=after, limit=limit, username=search or None, disabled=None, super_admin=None
    )
    people = [Person(user.id, user.username, user.display_name) for user in found.items]
    return Page(people, found.next)
