"""Members as they are read: with the person and the roles, in two statements a page."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row, Select, select

from app.blueprints.people import PERSON_COLUMNS, Person
from app.core.errors import UnknownResource
from app.db import db
from app.http.paging import Page, cut
from app.models import Member, Role, RoleAssignment, User


@dataclass(frozen=True, slots=True)
class MemberView:
    """A member, who that is, and the ids of the roles they were given, highest first."""

    user: Person
    nickname: str | None
    timeout_until: datetime | None
    joined_at: datetime
    role_ids: Sequence[int]


def members_of(server_id: int, after: int | None, limit: int) -> Page[MemberView]:
    """The members of a server, by user id, which is the cursor too."""
    statement = (
        _select_members(server_id)
        .where(Member.user_id > (after or 0))
        .order_by(Member.user_id)
        .limit(limit + 1)
    )
    return cut(_read(server_id, statement), limit, lambda member: member.user.id)


def read_member(server_id: int, user_id: int) -> MemberView:
    """One member.

    Raises:
        UnknownResource: that user is no member.
    """
    found = _read(server_id, _select_members(server_id).where(Member.user_id == user_id))
    if not found:
        raise UnknownResource("member", user_id, "user_id")
    return found[0]


def _select_members(server_id: int) -> Select[Any]:
    return (
        select(*PERSON_COLUMNS, Member.nickname, Member.timeout_until, Member.joined_at)
        .join(User, User.id == Member.user_id)
        .where(Member.server_id == server_id, Member.banned.is_(False))
    )


def _read(server_id: int, statement: Select[Any]) -> list[MemberView]:
    rows: Sequence[Row[Any]] = db.session.execute(statement).all()
    roles = _roles_of(server_id, [row.person_id for row in rows])
    return [
        MemberView(
            Person(row.person_id, row.username, row.display_name),
            row.nickname,
            row.timeout_until,
            row.joined_at,
            roles[row.person_id],
        )
        for row in rows
    ]


def _roles_of(server_id: int, user_ids: list[int]) -> dict[int, list[int]]:
    statement = (
        select(RoleAssignment.user_id, RoleAssignment.role_id)
        .join(Role, Role.id == RoleAssignment.role_id)
        .where(Role.server_id == server_id, RoleAssignment.user_id.in_(user_ids))
        .order_by(Role.position.desc(), Role.id)
    )
    found: dict[int, list[int]] = defaultdict(list)
    for user_id, role_id in db.session.execute(statement):
        found[user_id].append(role_id)
    return found
