"""Reading the evidence: a fixed number of statements, whatever the size of the server."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Select,
    and_,
    bindparam,
    distinct,
    exists,
    false,
    func,
    literal_column,
    null,
    or_,
    select,
    true,
    union_all,
)
from sqlalchemy.engine import Connection

from app.core.errors import UnknownResource
from app.core.permission.explain.evidence import (
    Evidence,
    GrantRow,
    Held,
    OverwriteRow,
    RoleRow,
)
from app.core.permission.facts import UserFacts
from app.core.permission.id_list import id_array, ids_in
from app.core.permission.registry import RegisteredPermission
from app.core.permission.scopes import CATEGORY, GLOBAL, Place
from app.core.permission.single import PERSON_IN, epoch
from app.core.permission.statements import (
    CHANNEL,
    KINDS,
    allows,
    counts_in,
    grants,
    group_grants,
    in_group,
    overwrites,
    role_columns,
    roles,
    table,
)
from app.db import Id
from app.models import Member, PermissionGroup, RoleAssignment, User

users, members, assignments = table(User), table(Member), table(RoleAssignment)
groups = table(PermissionGroup)

ROLE_IDS = "role_ids"
OFFERED_MAX = 20  # roles to try giving to the user; more would only make the search longer
USER_ID: ColumnElement[int] = bindparam("user_id", type_=Id)
PERMISSION_ID: ColumnElement[int] = bindparam("permission_id", type_=Id)
HOME: ColumnElement[int] = bindparam("home", type_=Id)

USERNAME = select(users.c.username).where(users.c.id == USER_ID)
MEMBERS = select(func.count()).where(members.c.server_id == HOME, members.c.banned == false())


def _assigned(kind: str) -> Select[Any]:
    columns = ("role_id", "valid_from", "valid_until", "created_at")
    return (
        select(*(assignments.c[name] for name in columns))
        .join_from(assignments, roles, roles.c.id == assignments.c.role_id)
        .where(assignments.c.user_id == USER_ID, counts_in(kind))
        .order_by(roles.c.position.desc(), roles.c.id)
    )


def _offered() -> Select[Any]:
    """Active roles of the server (global ones outside) with a grant or overwrite that allows."""
    direct = exists().where(
        grants.c.role_id == roles.c.id,
        grants.c.permission_id == PERMISSION_ID,
        allows(grants),
    )
    grouped = exists().where(
        group_grants.c.role_id == roles.c.id,
        allows(group_grants),
        in_group.c.group_id == group_grants.c.group_id,
        in_group.c.permission_id == PERMISSION_ID,
    )
    overwritten = exists().where(
        overwrites.c.role_id == roles.c.id,
        overwrites.c.permission_id == PERMISSION_ID,
        allows(overwrites),
    )
    held = exists().where(assignments.c.role_id == roles.c.id, assignments.c.user_id == USER_ID)
    return (
        select(roles.c.id)
        .where(
            roles.c.server_key == HOME,
            roles.c.active == true(),
            roles.c.is_default == false(),
            or_(direct, grouped, overwritten),
            ~held,
        )
        .order_by(roles.c.position, roles.c.id)
        .limit(OFFERED_MAX)
    )


def _lines(kind: str) -> Select[Any]:
    """The roles with these ids, the default role, and all ancestors, active or not."""
    columns = [*role_columns(roles), roles.c.name]
    first = select(*columns).where(
        or_(
            roles.c.id.in_(ids_in(ROLE_IDS)),
            and_(roles.c.server_key == HOME, roles.c.is_default == true()),
        )
    )
    lines = first.cte("lines", recursive=True)
    parents = select(*columns).join_from(
        lines, roles, and_(roles.c.id == lines.c.parent_id, counts_in(kind))
    )
    return select(lines.union(parents))


def _granted(kind: str) -> Any:
    """Rows: role, permission, allows, scope, group's id and name."""
    scopes: list[ColumnElement[str]] = [literal_column(f"'{GLOBAL.kind}'")]
    scopes += [bindparam("server_scope")] if kind != GLOBAL.kind else []
    scopes += [bindparam("channel_scope")] if kind == CHANNEL else []
    nothing: ColumnElement[Any] = null()
    direct = select(
        grants.c.role_id,
        grants.c.permission_id,
        allows(grants),
        grants.c.scope_key,
        nothing,
        nothing,
    ).where(grants.c.role_id.in_(ids_in(ROLE_IDS)), grants.c.scope_key.in_(scopes))
    grouped = (
        select(
            group_grants.c.role_id,
            in_group.c.permission_id,
            allows(group_grants),
            group_grants.c.scope_key,
            groups.c.id,
            groups.c.name,
        )
        .join_from(group_grants, groups, groups.c.id == group_grants.c.group_id)
        .join(in_group, in_group.c.group_id == groups.c.id)
        .where(group_grants.c.role_id.in_(ids_in(ROLE_IDS)), group_grants.c.scope_key.in_(scopes))
    )
    return union_all(direct, grouped)


def _overwritten(column: ColumnElement[int]) -> Select[Any]:
    concerned = or_(overwrites.c.role_id.in_(ids_in(ROLE_IDS)), overwrites.c.user_id == USER_ID)
    return select(overwrites.c.role_id, overwrites.c.permission_id, allows(overwrites)).where(
        column == HOME, concerned
    )


def _reach() -> Select[Any]:
    """Rows: role, and how many people hold it or a role that inherits from it."""
    first = select(roles.c.id.label("root"), roles.c.id.label("id"))
    carriers = first.where(roles.c.id.in_(ids_in(ROLE_IDS))).cte("carriers", recursive=True)
    children = select(carriers.c.root, roles.c.id).join_from(
        carriers, roles, roles.c.parent_id == carriers.c.id
    )
    found = carriers.union(children)
    return (
        select(found.c.root, func.count(distinct(assignments.c.user_id)))
        .join_from(found, assignments, assignments.c.role_id == found.c.id)
        .group_by(found.c.root)
    )


ASKABLE = KINDS[:3]
ASSIGNED = {kind: _assigned(kind) for kind in ASKABLE}
OFFERED = _offered()
LINES = {kind: _lines(kind) for kind in ASKABLE}
GRANTED = {kind: _granted(kind) for kind in ASKABLE}
OVERWRITTEN = {
    CHANNEL: _overwritten(overwrites.c.channel_id),
    CATEGORY: _overwritten(overwrites.c.category_id),
}
REACH = _reach()


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
