"""Pages of the people who have a permission in a place.

Those who could have it are found by how: as super-admin or owner, by a role that allows it, by an
overwrite of their own, or as any member. Only they are loaded and resolved, some hundreds first,
and thousands if too few of those are let in: eleven statements at most.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Select,
    String,
    and_,
    bindparam,
    exists,
    false,
    literal_column,
    or_,
    select,
    true,
    union,
)
from sqlalchemy.engine import Connection

from yoto.errors import UnknownResource
from yoto.permission.asking import ask_policies
from yoto.permission.batch import PLACE_OF, load_many_facts
from yoto.permission.directory import renew_people
from yoto.permission.registry import ADMINISTRATOR, RegisteredPermission
from yoto.permission.resolver import flatten, resolve
from yoto.permission.scopes import GLOBAL, Place, parse_place
from yoto.permission.search.page import SCAN_MAX, Page, checked_after, checked_limit
from yoto.permission.single import overwrites_in
from yoto.permission.source import reading
from yoto.permission.state import PermissionState
from yoto.permission.statements import (
    ASKABLE,
    CHANNEL,
    SERVER_ID,
    allows,
    assignments,
    grants,
    group_grants,
    in_group,
    members,
    overwrites,
    role_columns,
    roles,
    users,
)
from yoto.permission.turns import taking_turns
from yoto.store.db import Id

FIRST_LOOK = 500  # candidates; nearly always enough for a page

AFTER: ColumnElement[int] = bindparam("after", type_=Id)
MOST: ColumnElement[int] = bindparam("most", type_=Id)
OWNER_ID: ColumnElement[int] = bindparam("owner_id", type_=Id)
GIVING: list[ColumnElement[int]] = [bindparam(f"giving_{n}", type_=Id) for n in range(2)]
ROLE_FROM: ColumnElement[str] = bindparam("role_from", type_=String())
ROLE_BEFORE: ColumnElement[str] = bindparam("role_before", type_=String())
USER_FROM: ColumnElement[str] = bindparam("user_from", type_=String())
USER_BEFORE: ColumnElement[str] = bindparam("user_before", type_=String())


def list_users(
    state: PermissionState,
    permission: str,
    scope: str,
    scope_id: int | None,
    after: int | None,
    limit: int,
    context: Mapping[str, Any] | None,
) -> Page:
    """See ``Searching.list_users``."""
    registered = state.registry.get(permission)
    place = parse_place(scope, scope_id)
    start, most = checked_after(after), checked_limit(limit)
    found: list[int] = []
    last: int | None = start
    # Anybody could have become a super-admin.
    renew_people(None)
    with reading() as connection:
        parameters = _parameters(connection, state, registered, place)
        for window in (max(FIRST_LOOK, most + 1), SCAN_MAX):
            asked = parameters | {"after": last, "most": window}
            candidates = list(connection.scalars(CANDIDATES_IN[place.kind], asked))
            found += _allowed(connection, state, registered, place, candidates)
            last = candidates[-1] if len(candidates) == window else None
            if last is None or len(found) > most:
                break
    if len(found) > most:
        found = found[:most]
        last = found[-1]
    if state.asks(registered, place, context):
        found = [
            user_id
            for user_id in taking_turns(found)
            if not ask_policies(state, user_id, [registered], place, context).denied
        ]
    return Page(tuple(found), last)


def _parameters(
    connection: Connection, state: PermissionState, permission: RegisteredPermission, place: Place
) -> dict[str, Any]:
    server_id, owner_id, category_id = connection.execute(
        PLACE_OF[place.kind], {"place_id": place.id}
    ).one()
    if place.id is not None and server_id is None:
        raise UnknownResource(place.kind, place.id)
    administrator = state.registry.snapshot.by_name.get(ADMINISTRATOR, permission)
    overwritten = overwrites_in(place, category_id)
    return {
        "server_id": server_id or 0,
        "owner_id": owner_id,
        "giving_0": permission.id,
        "giving_1": administrator.id,
        # Keys "channel:3/role:..." are those between these two (";" follows ":").
        "role_from": f"{overwritten}/role:",
        "role_before": f"{overwritten}/role;",
        "user_from": f"{overwritten}/user:",
        "user_before": f"{overwritten}/user;",
    }


def _allowed(
    connection: Connection,
    state: PermissionState,
    permission: RegisteredPermission,
    place: Place,
    candidates: Sequence[int],
) -> list[int]:
    registry = state.registry
    wanted = [permission.id, *registry.snapshot.implying]
    facts, people = load_many_facts(connection, candidates, place, wanted, registry.mask_of_id)
    bits, now = registry.snapshot.bits, state.clock()
    flat = flatten(facts, bits)
    return sorted(
        user.user_id for user in people if resolve(flat, user, now, bits).mask & permission.mask
    )


def _candidates(kind: str) -> Select[Any]:
    """Ids of users beyond ``AFTER`` who could have the permission: rather more than fewer."""
    carriers = _carriers(kind)
    sources = [
        select(users.c.id.label("id")).where(users.c.super_admin == true(), users.c.id > AFTER),
        select(assignments.c.user_id.label("id"))
        .distinct()
        .join_from(carriers, assignments, assignments.c.role_id == carriers.c.id)
        .where(assignments.c.user_id > AFTER),
    ]
    if kind != GLOBAL.kind:
        any_member = exists().where(carriers.c.is_default == true())
        sources += [
            select(users.c.id.label("id")).where(users.c.id == OWNER_ID, users.c.id > AFTER),
            select(members.c.user_id.label("id")).where(
                members.c.server_id == SERVER_ID,
                members.c.user_id > AFTER,
                members.c.banned == false(),
                any_member,
            ),
        ]
    if kind == CHANNEL:
        sources.append(
            select(overwrites.c.user_id.label("id")).where(
                overwrites.c.overwrite_key >= USER_FROM,
                overwrites.c.overwrite_key < USER_BEFORE,
                overwrites.c.user_id > AFTER,
                overwrites.c.permission_id == GIVING[0],
                allows(overwrites),
            )
        )
    # Each is cut short by itself, so that none is read to its end.
    cut = [source.order_by("id").limit(MOST).subquery() for source in sources]
    found = union(*(select(source.c.id) for source in cut)).subquery()
    return select(found.c.id).order_by(found.c.id).limit(MOST)


def _carriers(kind: str) -> Any:
    """Roles of the place that allow the permission or to administer, and those inheriting it."""

    def granted(source: Any, permission_id: ColumnElement[int]) -> list[ColumnElement[bool]]:
        return [source.c.role_id == roles.c.id, permission_id.in_(GIVING), allows(source)]

    gives: list[ColumnElement[bool]] = [
        exists().where(*granted(grants, grants.c.permission_id)),
        exists().where(
            *granted(group_grants, in_group.c.permission_id),
            in_group.c.group_id == group_grants.c.group_id,
        ),
    ]
    if kind == CHANNEL:
        overwritten = select(overwrites.c.role_id).where(
            overwrites.c.overwrite_key >= ROLE_FROM,
            overwrites.c.overwrite_key < ROLE_BEFORE,
            overwrites.c.permission_id == GIVING[0],
            allows(overwrites),
        )
        gives.append(roles.c.id.in_(overwritten))
    homes: list[ColumnElement[int]] = [literal_column("0")]
    homes += [SERVER_ID] if kind != GLOBAL.kind else []
    first = select(*role_columns(roles)).where(roles.c.server_key.in_(homes), or_(*gives))
    carriers = first.cte("carriers", recursive=True)
    children = select(*role_columns(roles)).join_from(
        carriers, roles, and_(roles.c.parent_id == carriers.c.id, roles.c.server_key.in_(homes))
    )
    return carriers.union(children)


CANDIDATES_IN = {kind: _candidates(kind) for kind in ASKABLE}
