"""Reads the moments that the database knows: starts and ends of roles, ends of time-outs and of
emergency access.

One row is one moment of one kind. Pages are ordered by moment, kind and id, so that any number of
rows of one moment is read completely.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any, NamedTuple

from sqlalchemy import (
    ColumnElement,
    Select,
    String,
    and_,
    bindparam,
    cast,
    false,
    literal,
    literal_column,
    or_,
    select,
    type_coerce,
    union_all,
)
from sqlalchemy.sql.selectable import FromClause

from yoto import cache
from yoto.permission.database.pool import SidePool
from yoto.permission.database.statements import assignments, members, provided, roles, table
from yoto.store.columns import Id, UtcDateTime
from yoto.store.models import NOWHERE, EmergencyAccess, ScopeType

PAGE = 1_000

emergencies = table(EmergencyAccess)

# The reason of a notification, by kind.
REASONS = ("role_starts", "role_ends", "timeout_ends", "emergency_ends", "role_ends")
STARTS, ENDS, TIMEOUT, EMERGENCY, PROVIDED = range(len(REASONS))


class Boundary(NamedTuple):
    """A moment, in epoch seconds, from which a user's verdicts may differ.

    Attributes:
        kind: index of ``REASONS``.
        row_id: the id of its row.
        user_id: the affected user.
        home: the node that people belong to where it counts, as text; empty: everywhere.
    """

    moment: float
    kind: int
    row_id: int
    user_id: int
    home: str

    @property
    def reason(self) -> str:
        """The reason for the notification."""
        return REASONS[self.kind]

    @property
    def subject(self) -> str:
        """The tag to invalidate. The cache holds nothing of emergency access: policies judge by it,
        and their listeners read it again."""
        return cache.tags.POLICY if self.kind == EMERGENCY else cache.tags.user(self.user_id)

    @property
    def covering(self) -> str | None:
        """The subject whose invalidation includes this one's; None: there is none."""
        return self.home or None


# A moment that counts everywhere.
_EVERYWHERE: ColumnElement[str] = literal(NOWHERE)
_SERVER = literal(f"{ScopeType.SERVER}:", String()) + cast(members.c.server_id, String(20))
_LAST: ColumnElement[datetime] = bindparam("last", type_=UtcDateTime())
_BEFORE: ColumnElement[datetime] = bindparam("before", type_=UtcDateTime())
_LAST_KIND: ColumnElement[int] = bindparam("last_kind", type_=Id)
_LAST_ID: ColumnElement[int] = bindparam("last_id", type_=Id)


def _moments(
    kind: int,
    source: FromClause,
    column: ColumnElement[Any],
    ids: FromClause,
    home: ColumnElement[str],
    row_id: str = "id",
) -> Select[Any]:
    return (
        select(
            column.label("moment"),
            type_coerce(literal_column(str(kind)), Id).label("kind"),
            ids.c[row_id].label("row_id"),
            ids.c.user_id.label("user_id"),
            home.label("home"),
        )
        .select_from(source)
        .where(column >= _LAST, column <= _BEFORE)
    )


def _page() -> Select[Any]:
    # Teams and all members need no notification: their cache entries expire by themselves.
    own = assignments.c.user_id.is_not(None)
    held = assignments.join(roles, and_(roles.c.id == assignments.c.role_id, own))
    timed_out = _moments(TIMEOUT, members, members.c.timeout_until, members, _SERVER).where(
        members.c.banned == false()
    )
    accesses = _moments(
        EMERGENCY, emergencies, emergencies.c.until, emergencies, _EVERYWHERE
    ).where(emergencies.c.ended_at.is_(None))
    # A person's roles that end at the same moment are one; its row has no number of its own.
    until = provided.c.valid_until
    ending = _moments(PROVIDED, provided, until, provided, _EVERYWHERE, "user_id").distinct()
    found = union_all(
        _moments(STARTS, held, assignments.c.valid_from, assignments, roles.c.home),
        _moments(ENDS, held, assignments.c.valid_until, assignments, roles.c.home),
        timed_out,
        accesses,
        ending,
    ).subquery()
    moment, kind, row_id = found.c.moment, found.c.kind, found.c.row_id
    later_kind = or_(kind > _LAST_KIND, and_(kind == _LAST_KIND, row_id > _LAST_ID))
    return (
        select(found)
        .where(or_(moment > _LAST, and_(moment == _LAST, later_kind)))
        .order_by(moment, kind, row_id)
        .limit(PAGE)
    )


_PAGE = _page()


def boundaries(pool: SidePool, after: float, before: float) -> Iterator[list[Boundary]]:
    """Pages of all moments from ``after`` to ``before`` (epoch seconds, both included).

    Raises:
        StoreUnavailable: the database did not answer.
    """
    last, last_kind, last_id = datetime.fromtimestamp(after, UTC), -1, 0
    end = datetime.fromtimestamp(before, UTC)
    while True:
        with pool.read() as connection:
            rows = connection.execute(
                _PAGE,
                {"last": last, "last_kind": last_kind, "last_id": last_id, "before": end},
            ).all()
        if rows:
            yield [
                Boundary(row.moment.timestamp(), row.kind, row.row_id, row.user_id, row.home)
                for row in rows
            ]
        if len(rows) < PAGE:
            return
        last, last_kind, last_id = rows[-1].moment, rows[-1].kind, rows[-1].row_id
