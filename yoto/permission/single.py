"""Loading what the database knows about one user in one place: two statements, always."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select
from sqlalchemy import String as Text
from sqlalchemy import and_, bindparam, literal, null, select, union_all
from sqlalchemy.engine import Connection
from sqlalchemy.sql.selectable import CompoundSelect

from yoto.errors import UnknownResource
from yoto.permission.facts import Assignment, PlaceFacts, UserFacts
from yoto.permission.gathering import RoleGatherer
from yoto.permission.scopes import CATEGORY, GLOBAL, Place
from yoto.permission.statements import (
    ASSIGNMENT,
    CHANNEL,
    GRANT,
    KINDS,
    OVERWRITE,
    ROLE,
    allows,
    assignments,
    counts_in,
    grant_rows,
    held_roles,
    join_place,
    members,
    overwrites,
    role_columns,
    role_overwrite_rows,
    role_rows,
    roles,
    row,
    users,
)
from yoto.store.db import Id

USER_ID: ColumnElement[int] = bindparam("user_id", type_=Id)
OWN_KEY: ColumnElement[str] = bindparam("own_key", type_=Text())


def person_in(kind: str) -> Select[Any]:
    """One row, always: server, owner, category in sync; user, disabled, super-admin; membership.

    Columns of what does not exist are NULL.
    """
    one_row = select(literal(1).label("one")).subquery("one_row")
    source, columns = join_place(kind, one_row)
    source = source.outerjoin(users, users.c.id == USER_ID)
    columns += [users.c.id, users.c.disabled, users.c.super_admin]
    if kind == GLOBAL.kind:
        columns += [null().label("banned"), null().label("timeout_until")]
    else:
        server_id = columns[0]
        here = and_(members.c.server_id == server_id, members.c.user_id == users.c.id)
        source = source.outerjoin(members, here)
        columns += [members.c.banned, members.c.timeout_until]
    return select(*columns).select_from(source)


def rights_in(kind: str) -> CompoundSelect[Any]:
    """All that bears on one user in a place of ``kind``."""
    held_now = (assignments.c.user_id == USER_ID, counts_in(kind))
    times = (assignments.c.valid_from, assignments.c.valid_until)
    held = held_roles(
        kind,
        select(*role_columns(roles))
        .join_from(assignments, roles, roles.c.id == assignments.c.role_id)
        .where(*held_now),
    )
    rows: list[Select[Any]] = [
        select(*row(ASSIGNMENT, assignments.c.role_id, None, None, None, None, *times))
        .join_from(assignments, roles, roles.c.id == assignments.c.role_id)
        .where(*held_now),
        role_rows(held),
        *grant_rows(kind, held),
    ]
    if kind in (CHANNEL, CATEGORY):
        own = (None, overwrites.c.permission_id, allows(overwrites))
        rows.append(role_overwrite_rows(held))
        rows.append(select(*row(OVERWRITE, *own)).where(overwrites.c.overwrite_key == OWN_KEY))
    return union_all(*rows)


PERSON_IN = {kind: person_in(kind) for kind in KINDS}
RIGHTS_IN = {kind: rights_in(kind) for kind in KINDS}


def load_facts(
    connection: Connection, user_id: int, place: Place, mask_of: Callable[[int], int]
) -> tuple[PlaceFacts, UserFacts]:
    """Read one user's facts in ``place``.

    Args:
        mask_of: from a permission's id to its mask.

    Raises:
        UnknownResource: the place does not exist.
    """
    kind = place.kind
    server_id, owner_id, category_id, found, disabled, super_admin, banned, timeout_until = (
        connection.execute(PERSON_IN[kind], {"user_id": user_id, "place_id": place.id}).one()
    )
    if place.id is not None and server_id is None:
        raise UnknownResource(kind, place.id)
    if found is None:
        return PlaceFacts(kind, server_id, owner_id), UserFacts(user_id, exists=False)

    held: list[Assignment] = []
    gatherer = RoleGatherer(mask_of)
    own_allow = own_deny = 0
    parameters = parameters_of(place, server_id, category_id) | {
        "user_id": user_id,
        "own_key": f"{overwrites_in(place, category_id)}/user:{user_id}",
    }
    for what, a, b, c, d, e, starts, ends in connection.execute(
        RIGHTS_IN[kind], parameters
    ).fetchall():
        if what == GRANT:
            gatherer.grant(a, b, c, d)
        elif what == ASSIGNMENT:
            held.append(Assignment(a, epoch(starts), epoch(ends)))
        elif what == ROLE:
            gatherer.role(a, b, c, d, e)
        elif a is not None:
            gatherer.grant(a, b, c, True)
        elif c:
            own_allow |= mask_of(b)
        else:
            own_deny |= mask_of(b)
    user = UserFacts(
        user_id,
        disabled=disabled,
        super_admin=super_admin,
        member=banned is not None and not banned,
        timeout_until=epoch(timeout_until),
        assignments=tuple(held),
        own_allow=own_allow,
        own_deny=own_deny,
    )
    return PlaceFacts(kind, server_id, owner_id, gatherer.roles()), user


def overwrites_in(place: Place, category_id: int | None) -> str:
    """Where the overwrites in force are: the category in sync, or the place itself."""
    return str(place) if category_id is None else f"{CATEGORY}:{category_id}"


def parameters_of(place: Place, server_id: int | None, category_id: int | None) -> dict[str, Any]:
    """The parameters that the pieces in ``statements`` need."""
    return {
        "server_id": server_id,
        "server_scope": f"server:{server_id}",
        "channel_scope": str(place),
        "role_key": f"{overwrites_in(place, category_id)}/role:",
    }


def epoch(moment: datetime | None) -> float | None:
    return None if moment is None else moment.timestamp()
