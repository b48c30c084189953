"""Loading what bears on one permission of many users in one place: four statements, always.

Only grants and overwrites that can matter are read: those of the permission itself, of
``server.administrator`` (it implies the permission) and of ``channel.read`` (without it nothing
remains in a channel).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from sqlalchemy import (
    ColumnElement,
    FromClause,
    Select,
    String,
    and_,
    bindparam,
    literal,
    literal_column,
    null,
    select,
    union_all,
)
from sqlalchemy.engine import Connection
from sqlalchemy.sql.selectable import CompoundSelect

from yoto.errors import UnknownResource
from yoto.permission.facts import Assignment, PlaceFacts, UserFacts
from yoto.permission.gathering import RoleGatherer
from yoto.permission.id_list import id_array, id_rows, ids_in
from yoto.permission.scopes import GLOBAL, Place
from yoto.permission.single import epoch, overwrites_in, parameters_of
from yoto.permission.statements import (
    ASKABLE,
    CHANNEL,
    GRANT,
    OVERWRITE,
    ROLE,
    SERVER_ID,
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

IDS = "user_ids"
WANTED: list[ColumnElement[int]] = [bindparam(f"wanted_{n}", type_=Id) for n in range(3)]
# Keys "channel:3/user:..." are those between these two (";" follows ":").
OWN_FROM: ColumnElement[str] = bindparam("own_from", type_=String())
OWN_BEFORE: ColumnElement[str] = bindparam("own_before", type_=String())


def place_of(kind: str) -> Select[Any]:
    """One row, always: server, owner, category in sync."""
    one_row = select(literal(1).label("one")).subquery("one_row")
    source, columns = join_place(kind, one_row)
    return select(*columns).select_from(source)


def people_in(kind: str) -> Select[Any]:
    """Rows of the users who exist: id, disabled, super-admin, banned, end of time-out."""
    source: FromClause = users
    columns: list[ColumnElement[Any]] = [users.c.id, users.c.disabled, users.c.super_admin]
    if kind == GLOBAL.kind:
        columns += [null().label("banned"), null().label("timeout_until")]
    else:
        here = and_(members.c.user_id == users.c.id, members.c.server_id == SERVER_ID)
        source = users.outerjoin(members, here)
        columns += [members.c.banned, members.c.timeout_until]
    return select(*columns).select_from(source).where(users.c.id.in_(ids_in(IDS)))


def assigned(kind: str) -> FromClause:
    """Each user with their assignments and roles that count; NULLs where there are none."""
    ids = id_rows(IDS)
    role = and_(roles.c.id == assignments.c.role_id, counts_in(kind))
    return ids.outerjoin(assignments, assignments.c.user_id == ids.c.value).outerjoin(roles, role)


def assignments_in(kind: str) -> Select[Any]:
    """Rows of assignments: user, role, valid from, valid until; no role: not one that counts."""
    held = assignments.c
    columns = (held.user_id, roles.c.id, held.valid_from, held.valid_until)
    return select(*columns).select_from(assigned(kind))


def rights_in(
    kind: str, wanted: Sequence[ColumnElement[int]] | None = WANTED
) -> CompoundSelect[Any]:
    """Roles, grants and overwrites, as in ``single``; NULLs where there are none.

    The overwrites of users have the user in ``d``.

    Args:
        wanted: only these permissions; None: all.
    """
    first = select(*role_columns(roles)).distinct().select_from(assigned(kind))
    held = held_roles(kind, first, keep_order=True)
    rows: list[Select[Any]] = [role_rows(held), *grant_rows(kind, held, wanted)]
    if kind == CHANNEL:
        columns = (None, overwrites.c.permission_id, allows(overwrites), overwrites.c.user_id)
        key = overwrites.c.overwrite_key
        own = select(*row(OVERWRITE, *columns)).where(key >= OWN_FROM, key < OWN_BEFORE)
        if wanted is not None:
            # The sum keeps the planner from the index of permissions, which spans all channels.
            own = own.where((overwrites.c.permission_id + literal_column("0")).in_(wanted))
        rows += [role_overwrite_rows(held, wanted), own]
    return union_all(*rows)


PLACE_OF = {kind: place_of(kind) for kind in ASKABLE}
PEOPLE_IN = {kind: people_in(kind) for kind in ASKABLE}
ASSIGNMENTS_IN = {kind: assignments_in(kind) for kind in ASKABLE}
RIGHTS_IN = {kind: rights_in(kind) for kind in ASKABLE}
ALL_RIGHTS_IN = {kind: rights_in(kind, None) for kind in ASKABLE}


def load_many_facts(
    connection: Connection,
    user_ids: Sequence[int],
    place: Place,
    wanted_ids: Sequence[int],
    mask_of: Callable[[int], int],
) -> tuple[PlaceFacts, list[UserFacts]]:
    """Read the facts of those of ``user_ids`` that exist, about up to three permissions.

    Args:
        wanted_ids: database ids of the permissions.
        mask_of: from a permission's id to its mask.

    Raises:
        UnknownResource: the place does not exist.
    """
    padded = list(wanted_ids) + [wanted_ids[0]] * 2
    wanted = {f"wanted_{n}": padded[n] for n in range(3)}
    return _facts(connection, user_ids, place, RIGHTS_IN[place.kind], wanted, mask_of)


def load_all_facts(
    connection: Connection, user_ids: Sequence[int], place: Place, mask_of: Callable[[int], int]
) -> tuple[PlaceFacts, list[UserFacts]]:
    """The same about all permissions, for those who keep the answer."""
    return _facts(connection, user_ids, place, ALL_RIGHTS_IN[place.kind], {}, mask_of)


def _facts(
    connection: Connection,
    user_ids: Sequence[int],
    place: Place,
    rights: CompoundSelect[Any],
    wanted: Mapping[str, int],
    mask_of: Callable[[int], int],
) -> tuple[PlaceFacts, list[UserFacts]]:
    kind = place.kind
    server_id, owner_id, category_id = connection.execute(
        PLACE_OF[kind], {"place_id": place.id}
    ).one()
    if place.id is not None and server_id is None:
        raise UnknownResource(kind, place.id)
    where = overwrites_in(place, category_id)
    parameters = parameters_of(place, server_id, category_id) | {
        IDS: id_array(user_ids),
        "own_from": f"{where}/user:",
        "own_before": f"{where}/user;",
    }
    parameters |= wanted

    held: defaultdict[int, list[Assignment]] = defaultdict(list)
    for user_id, role_id, starts, ends in connection.execute(
        ASSIGNMENTS_IN[kind], parameters
    ).fetchall():
        if role_id is not None:
            held[user_id].append(Assignment(role_id, epoch(starts), epoch(ends)))

    gatherer = RoleGatherer(mask_of)
    own: defaultdict[int, list[int]] = defaultdict(lambda: [0, 0])
    for what, a, b, c, d, e, _, _ in connection.execute(rights, parameters).fetchall():
        if what == ROLE:
            if a is not None:
                gatherer.role(a, b, c, d, e)
        elif b is None:
            continue
        elif what == GRANT:
            gatherer.grant(a, b, c, d)
        elif a is not None:
            gatherer.grant(a, b, c, True)
        else:
            own[d][0 if c else 1] |= mask_of(b)

    people = []
    nothing = (0, 0)
    for user_id, disabled, super_admin, banned, timeout_until in connection.execute(
        PEOPLE_IN[kind], parameters
    ).fetchall():
        own_allow, own_deny = own.get(user_id, nothing)
        people.append(
            UserFacts(
                user_id,
                disabled=disabled,
                super_admin=super_admin,
                member=banned is not None and not banned,
                timeout_until=epoch(timeout_until),
                assignments=tuple(held.get(user_id, ())),
                own_allow=own_allow,
                own_deny=own_deny,
            )
        )
    return PlaceFacts(kind, server_id, owner_id, gatherer.roles()), people
