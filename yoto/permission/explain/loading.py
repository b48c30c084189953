"""Reading the evidence: a fixed number of statements, whatever the size of the server."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence

from sqlalchemy.engine import Connection

from yoto.errors import UnknownResource
from yoto.permission.batch import IDS, PEOPLE_IN, PLACE_OF
from yoto.permission.explain.evidence import Evidence, GrantRow, Held, OverwriteRow, RoleRow
from yoto.permission.explain.rows_sql import (
    ASSIGNED,
    ASSIGNED_TO,
    GRANTED,
    LINES,
    MEMBERS,
    OFFERED,
    OVERWRITTEN,
    OVERWRITTEN_FOR,
    REACH,
    USERNAME,
    USERNAMES,
)
from yoto.permission.facts import UserFacts
from yoto.permission.id_list import id_array
from yoto.permission.registry import RegisteredPermission
from yoto.permission.scopes import CATEGORY, Place
from yoto.permission.single import PERSON_IN, epoch
from yoto.permission.statements import ROLE_IDS


def load_evidence(
    connection: Connection, user_id: int, place: Place, permission: RegisteredPermission
) -> Evidence:
    """The rows behind what ``user_id`` may do in ``place``.

    Args:
        permission: the one in question, for the roles on offer.

    Raises:
        UnknownResource: the place does not exist.
    """
    kind = place.kind
    server_id, owner_id, category_id, found, disabled, super_admin, banned, timeout_until = (
        connection.execute(PERSON_IN[kind], {"user_id": user_id, "place_id": place.id}).one()
    )
    if place.id is not None and server_id is None:
        raise UnknownResource(kind, place.id)
    asked = {
        "user_id": user_id,
        "server_id": server_id,
        "home": server_id or 0,
        "permission_id": permission.id,
    }
    held = tuple(
        Held(role_id, epoch(starts), epoch(ends), epoch(since))
        for role_id, starts, ends, since in connection.execute(ASSIGNED[kind], asked)
    )
    offered = tuple(connection.scalars(OFFERED, asked))
    asked[ROLE_IDS] = id_array([*(row.role_id for row in held), *offered])
    lines = {
        row.id: RoleRow(
            row.id, row.server_id, row.parent_id, bool(row.active), bool(row.is_default), row.name
        )
        for row in connection.execute(LINES[kind], asked)
    }
    overwritten = place if category_id is None else Place(CATEGORY, category_id)
    asked |= {
        ROLE_IDS: id_array(lines),
        "server_scope": f"server:{server_id}",
        "channel_scope": str(place),
        "home": overwritten.id,
    }
    statement = OVERWRITTEN.get(overwritten.kind)
    return Evidence(
        place=place,
        server_id=server_id,
        owner_id=owner_id,
        overwritten=overwritten,
        user=UserFacts(
            user_id,
            exists=found is not None,
            disabled=bool(disabled),
            super_admin=bool(super_admin),
            member=banned is not None and not banned,
            timeout_until=epoch(timeout_until),
        ),
        username=connection.scalar(USERNAME, asked),
        roles=lines,
        held=held,
        grants=tuple(
            GrantRow(role_id, permission_id, bool(allow), scope, group_id, group)
            for role_id, permission_id, allow, scope, group_id, group in connection.execute(
                GRANTED[kind], asked
            )
        ),
        overwrites=tuple(
            OverwriteRow(role_id, permission_id, bool(allow))
            for role_id, permission_id, allow in (
                connection.execute(statement, asked) if statement is not None else ()
            )
        ),
        offered=offered,
    )


def load_evidence_of_many(
    connection: Connection, user_ids: Sequence[int], place: Place
) -> list[Evidence]:
    """The same for those of ``user_ids`` who exist, in seven statements; nothing is offered."""
    kind = place.kind
    server_id, owner_id, category_id = connection.execute(
        PLACE_OF[kind], {"place_id": place.id}
    ).one()
    if place.id is not None and server_id is None:
        raise UnknownResource(kind, place.id)
    asked = {
        IDS: id_array(user_ids),
        "server_id": server_id,
        "home": server_id or 0,
        "server_scope": f"server:{server_id}",
        "channel_scope": str(place),
    }
    held: defaultdict[int, list[Held]] = defaultdict(list)
    for user_id, role_id, starts, ends, since in connection.execute(ASSIGNED_TO[kind], asked):
        held[user_id].append(Held(role_id, epoch(starts), epoch(ends), epoch(since)))
    asked[ROLE_IDS] = id_array({row.role_id for rows in held.values() for row in rows})
    lines = {row.id: RoleRow(*row) for row in connection.execute(LINES[kind], asked)}
    overwritten = place if category_id is None else Place(CATEGORY, category_id)
    asked |= {ROLE_IDS: id_array(lines), "home": overwritten.id}
    granted = tuple(GrantRow(*row) for row in connection.execute(GRANTED[kind], asked))
    own: defaultdict[int, list[OverwriteRow]] = defaultdict(list)
    common: list[OverwriteRow] = []
    if overwritten.kind in OVERWRITTEN_FOR:
        statement = OVERWRITTEN_FOR[overwritten.kind]
        for user_id, *row in connection.execute(statement, asked):
            rows = common if user_id is None else own[user_id]
            rows.append(OverwriteRow(*row))
    names = {user_id: name for user_id, name in connection.execute(USERNAMES, asked)}
    return [
        Evidence(
            place=place,
            server_id=server_id,
            owner_id=owner_id,
            overwritten=overwritten,
            user=UserFacts(
                user_id,
                disabled=bool(disabled),
                super_admin=bool(super_admin),
                member=banned is not None and not banned,
                timeout_until=epoch(timeout_until),
            ),
            username=names[user_id],
            roles=lines,
            held=tuple(held[user_id]),
            grants=granted,
            overwrites=(*common, *own[user_id]),
        )
        for user_id, disabled, super_admin, banned, timeout_until in connection.execute(
            PEOPLE_IN[kind], asked
        )
    ]


def load_reach(
    connection: Connection, role_ids: Iterable[int], server_id: int | None
) -> tuple[dict[int, int], int]:
    """How many people a change of each role reaches, and how many members the server has."""
    rows = connection.execute(REACH, {ROLE_IDS: id_array(role_ids)})
    reach = {role_id: number for role_id, number in rows}
    members_of = 0
    if server_id is not None:
        members_of = connection.scalar(MEMBERS, {"home": server_id}) or 0
    return reach, members_of
