"""Lists of servers: those I am in, and those anybody may join."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Select, select, true

from app.db import db
from app.http.paging import Page, cut
from app.models import Member, Server


def servers_of(user_id: int, after: int | None, limit: int) -> Page[Server]:
    """The servers that the user is a member of, by id."""
    statement = (
        select(Server)
        .join(Member, Member.server_id == Server.id)
        .where(Member.user_id == user_id, Member.banned.is_(False))
    )
    return _page(statement, after, limit)


def public_servers(after: int | None, limit: int) -> Page[Server]:
    """The servers that anybody may join, by id."""
    return _page(select(Server).where(Server.public == true()), after, limit)


def _page(statement: Select[Any], after: int | None, limit: int) -> Page[Server]:
    statement = statement.where(Server.id > (after or 0)).order_by(Server.id).limit(limit + 1)
    return cut(db.session.scalars(statement).all(), limit, lambda server: server.id)
