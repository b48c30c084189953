"""Pages of the channels or servers in which somebody has a permission.

Four statements at most. The first says where the user could have it at all: the servers that they
belong to, and those that a global role of theirs reaches. Only those are looked at, unless such a
role reaches everywhere.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Select,
    and_,
    case,
    func,
    literal_column,
    or_,
    select,
    true,
    union,
)
from sqlalchemy.sql.selectable import CompoundSelect, Subquery

from yoto.errors import UnknownResource, ValidationFailed
from yoto.permission.asking import ask_policies
from yoto.permission.id_list import id_array, ids_in
from yoto.permission.registry import ADMINISTRATOR, RegisteredPermission
from yoto.permission.scopes import Place, checked_id
from yoto.permission.search.page import SCAN_MAX, Page, checked_after, checked_limit
from yoto.permission.search.rights_sql import BASE, EVERYWHERE, GRANTED, MARK
from yoto.permission.search.sql_verdict import Condition, SqlVerdict
from yoto.permission.search.visible import verdict_of
from yoto.permission.source import reading
from yoto.permission.state import PermissionState
from yoto.permission.statements import CHANNEL, SERVER, categories, channels, servers
from yoto.permission.turns import taking_turns
from yoto.store.models import Channel, Server

REACHED = "reached"
MODELS: dict[str, Any] = {CHANNEL: Channel, SERVER: Server}


def list_resources(
    state: PermissionState,
    user_id: int,
    permission: str,
    scope: str,
    server_id: int | None,
    after: int | None,
    limit: int,
    context: Mapping[str, Any] | None,
) -> Page:
    """See ``Searching.list_resources``."""
    registered = state.registry.get(permission)
    checked_id(user_id, "user_id")
    if scope not in MODELS:
        raise ValidationFailed({"scope": f"unknown scope {scope!r}: use one of channel, server"})
    start, most = checked_after(after), checked_limit(limit)
    if server_id is not None:
        if scope == SERVER:
            raise ValidationFailed({"server_id": "servers are in no server"})
        checked_id(server_id, "server_id")
    model = MODELS[scope]
    sql = verdict_of(state, user_id, registered)
    met = sql.on_servers if scope == SERVER else sql.on_channels
    parameters: dict[str, str] = {}
    with reading() as connection:
        home = model.id if scope == SERVER else model.server_id
        if server_id is not None:
            if connection.scalar(select(servers.c.id).where(servers.c.id == server_id)) is None:
                raise UnknownResource("server", server_id)
            narrowed: Condition | None = home == server_id
        else:
            reached = set(connection.scalars(_reach(sql, registered, state)))
            narrowed = None if EVERYWHERE in reached else home.in_(ids_in(REACHED))
            parameters[REACHED] = id_array(reached)
        window = _window(model, narrowed, start)
        found = list(
            connection.scalars(
                select(model.id)
                .join(window, window.c.id == model.id)
                .where(met(model))
                .order_by(model.id)
                .limit(most + 1),
                parameters,
            )
        )
        if len(found) > most:
            found, next_after = found[:most], found[most - 1]
        else:
            looked_at, last = connection.execute(
                select(func.count(), func.max(window.c.id)), parameters
            ).one()
            next_after = last if looked_at == SCAN_MAX else None
    asked = state.asks_in(registered, [Place(scope, id_) for id_ in found], context)
    found = [
        id_
        for id_ in taking_turns(found)
        if (place := Place(scope, id_)) not in asked
        or not ask_policies(state, user_id, [registered], place, context).denied
    ]
    return Page(tuple(found), next_after)


def _window(model: Any, narrowed: Condition | None, start: int) -> Subquery:
    """The candidates that one page looks at, by id."""
    # Where few servers matter, the sum keeps the planner from walking over all others' channels.
    key = model.id if narrowed is None else model.id + 0
    statement: Select[Any] = select(model.id).where(key > start).order_by(key).limit(SCAN_MAX)
    if narrowed is not None:
        statement = statement.where(narrowed)
    return statement.subquery()


def _reach(
    sql: SqlVerdict, permission: RegisteredPermission, state: PermissionState
) -> CompoundSelect[Any]:
    """The servers in which the user could have the permission, rather more than fewer.

    ``EVERYWHERE`` is among them for super-admins, and for a global role that allows it globally.
    """
    rights = sql.rights.c
    administrator = state.registry.snapshot.by_name.get(ADMINISTRATOR, permission)
    allowed = and_(
        rights.layer == BASE,
        rights.permission_id.in_([permission.id, administrator.id]),
        rights.strength == GRANTED,
    )
    marked = and_(
        rights.layer == MARK, rights.permission_id == permission.id, rights.strength % 2 == 0
    )
    channel_id = func.coalesce(rights.channel_id, rights.granted_in)
    place = case(
        (rights.home != EVERYWHERE, rights.home),
        (rights.layer == BASE, func.coalesce(rights.server_id, EVERYWHERE)),
        else_=func.coalesce(channels.c.server_id, categories.c.server_id),
    )
    found = (
        select(place)
        .join_from(sql.rights, channels, channels.c.id == channel_id, isouter=True)
        .join(categories, categories.c.id == rights.category_id, isouter=True)
        .where(or_(rights.home != EVERYWHERE, allowed, marked))
    )
    everywhere: ColumnElement[int] = literal_column(str(EVERYWHERE))
    return union(found, select(everywhere).where(sql.super_admin == true()))
