"""Lists of servers: the caller's own, and those open to everyone."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Row, Select, bindparam, false, select, true

from app.models import Member, Server
from yoto.http.paging import Page, cut
from yoto.store.db import db

_servers, _members = Server.__table__, Member.__table__
_PAGE: Select[Any] = (
    select(_servers)
    .where(_servers.c.id > bindparam("after"))
    .order_by(_servers.c.id)
    .limit(bindparam("rows"))
)
_MINE = _PAGE.join_from(_servers, _members, _members.c.server_id == _servers.c.id).where(
    _members.c.user_id == bindparam("user_id"), _members.c.banned == false()
)
_PUBLIC = _PAGE.where(_servers.c.public == true())


def servers_of(user_id: int, after: int | None, limit: int) -> Page[Row[Any]]:
    """The servers that the user is a member of, by id."""
    return _page(_MINE, after, limit, user_id=user_id)


def public_servers(after: int | None, limit: int) -> Page[Row[Any]]:
    """The servers that everyone may join, by id."""
    return _page(_PUBLIC, after, limit)


def _page(statement: Select[Any], after: int | None, limit: int, **values: int) -> Page[Row[Any]]:
    found = db.session.execute(statement, values | {"after": after or 0, "rows": limit + 1})
    return cut(found.all(), limit, lambda server: int(server.id))
