"""Members as they are read: with the person and the roles, in two statements a page."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import Row, Select, bindparam, false, select

from app.models import Member
from yoto.api.people import PERSON_COLUMNS, Person
from yoto.errors import UnknownResource
from yoto.http.paging import Page, cut
from yoto.store.db import db
from yoto.store.models import Role, RoleAssignment, User


class MemberView(NamedTuple):
    """A member, the account, and the ids of the roles they were given, highest first."""

    user: Person
    nickname: str | None
    timeout_until: datetime | None
    joined_at: datetime
    role_ids: Sequence[int]


_members, _users = Member.__table__, User.__table__
_roles, _assignments = Role.__table__, RoleAssignment.__table__
_MEMBERS: Select[Any] = (
    select(*PERSON_COLUMNS, _members.c.nickname, _members.c.timeout_until, _members.c.joined_at)
    .join_from(_members, _users, _users.c.id == _members.c.user_id)
    .where(_members.c.server_id == bindparam("server_id"), _members.c.banned == false())
)
_PAGE = (
    _MEMBERS.where(_members.c.user_id > bindparam("after"))
    .order_by(_members.c.user_id)
    .limit(bindparam("rows"))
)
_ONE = _MEMBERS.where(_members.c.user_id == bindparam("user_id"))
_ROLES = (
    select(_assignments.c.user_id, _assignments.c.role_id)
    .join_from(_assignments, _roles, _roles.c.id == _assignments.c.role_id)
    .where(
        _roles.c.server_id == bindparam("server_id"),
        _assignments.c.user_id.in_(bindparam("user_ids", expanding=True)),
    )
    .order_by(_roles.c.position.desc(), _roles.c.id)
)


def members_of(server_id: int, after: int | None, limit: int) -> Page[MemberView]:
    """The members of a server, by user id, which is the cursor too."""
    found = _read(_PAGE, server_id=server_id, after=after or 0, rows=limit + 1)
    return cut(found, limit, lambda member: member.user.id)


def read_member(server_id: int, user_id: int) -> MemberView:
    """One member.

    Raises:
        UnknownResource: that user is no member.
    """
    found = _read(_ONE, server_id=server_id, user_id=user_id)
    if not found:
        raise UnknownResource("member", user_id, "user_id")
    return found[0]


def _read(statement: Select[Any], *, server_id: int, **values: Any) -> list[MemberView]:
    # Views read what the session has changed and not sent yet, too.
    db.session.flush()
    rows: Sequence[Row[Any]] = db.session.execute(
        statement, values | {"server_id": server_id}
    ).all()
    roles: dict[int, list[int]] = defaultdict(list)
    asked = {"server_id": server_id, "user_ids": [row.person_id for row in rows]}
    for user_id, role_id in db.session.execute(_ROLES, asked):
        roles[user_id].append(role_id)
    return [MemberView(Person(*row[:3]), *row[3:], roles[row.person_id]) for row in rows]
