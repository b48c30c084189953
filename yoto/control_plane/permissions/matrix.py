"""All that a server's roles and overwrites say, for people to look over.

A page takes the same number of statements however many roles or channels it has.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import Any

from sqlalchemy import func, null, select, union_all

from yoto.api.permissions.checks.service import Question
from yoto.api.rows import existing
from yoto.control_plane.permissions.insight import demand_operators_insight
from yoto.http.paging import Page, cut
from yoto.permission import PlaceFacts, RoleFacts, lineage
from yoto.store.db import db
from yoto.store.models import (
    NOWHERE,
    Category,
    Channel,
    ChannelOverwrite,
    Effect,
    Permission,
    PermissionGroup,
    PermissionGroupMember,
    Role,
    RoleAssignment,
    RoleGrant,
    RoleGroupGrant,
    RoleParent,
    ScopeType,
    Server,
    User,
)

ROLE, USER = "role", "user"
SHOWN_OF_ROLE = ("id", "name", "position", "active", "is_default")
Place = tuple[str, int]


def roles_and_grants(server_id: int, after: int | None, limit: int) -> dict[str, Any]:
    """A page of roles, by id, with their own grants, and all roles that they inherit from.

    Raises:
        UnknownResource: there is no such server.
        PermissionDenied: the operator may not know about others there.
    """
    server = _server(server_id)
    statement = select(Role).where(Role.server_id == server_id, Role.id > (after or 0))
    found = db.session.scalars(statement.order_by(Role.id).limit(limit + 1)).all()
    page = cut(found, limit, lambda role: role.id)
    ids = [role.id for role in page.items]
    place = _place_of(server_id)
    inherited = {id_: lineage(id_, place)[1:] for id_ in ids}
    elsewhere = {one for line in inherited.values() for one in line} - set(ids)
    ancestors = db.session.scalars(select(Role).where(Role.id.in_(elsewhere)).order_by(Role.id))
    granted, holders = _grants([*ids, *elsewhere]), _holders(ids)
    # A global role may also have grants for other servers.
    counted = ("global", f"server:{server_id}")
    return {
        "server": server,
        "permissions": db.session.scalars(
            select(Permission)
            .where(Permission.scope != ScopeType.GLOBAL)
            .order_by(Permission.category, Permission.bit)
        ).all(),
        "roles": [
            {
                **{name: getattr(role, name) for name in SHOWN_OF_ROLE},
                "holders": holders.get(role.id, 0),
                "inherits": inherited[role.id],
                "grants": granted[role.id],
            }
            for role in page.items
        ],
        "ancestors": [
            {
                "id": role.id,
                "name": role.name,
                "grants": [one for one in granted[role.id] if one["scope"] in counted],
            }
            for role in ancestors
        ],
        "next": page.next,
    }


def overwrites(server_id: int, after: int | None, limit: int) -> Page[dict[str, Any]]:
    """A page of channels, by id, with the overwrites in force; raises as ``roles_and_grants``."""
    _server(server_id)
    statement = (
        select(Channel, Category.name)
        .outerjoin(Category, Category.id == Channel.category_id)
        .where(Channel.server_id == server_id, Channel.id > (after or 0))
    )
    found = db.session.execute(statement.order_by(Channel.id).limit(limit + 1)).all()
    page = cut(found, limit, lambda row: row[0].id)
    places = {channel.id: _place(channel) for channel, _ in page.items}
    laid = _overwrites(set(places.values()))
    return Page(
        [
            {
                "id": channel.id,
                "name": channel.name,
                "category": category,
                "synced": places[channel.id][0] == "category",
                "overwrites": laid[places[channel.id]],
            }
            for channel, category in page.items
        ],
        page.next,
    )


def _server(server_id: int) -> Server:
    server = existing(Server, server_id)
    demand_operators_insight([Question("", ScopeType.SERVER, server_id)])
    return server


def _place_of(server_id: int) -> PlaceFacts:
    """The roles that may have a part in the server, as the resolver knows them, without grants."""
    home = f"{ScopeType.SERVER.value}:{server_id}"
    parents: defaultdict[int, list[int]] = defaultdict(list)
    shape = (Role.id, Role.home, Role.active, Role.is_default, Role.parent_id)
    rows: Any = db.session.execute(select(*shape).where(Role.home.in_([home, NOWHERE]))).all()
    for role_id, *_, parent_id in rows:
        parents[role_id] += [] if parent_id is None else [parent_id]
    for role_id, parent_id in db.session.execute(
        select(RoleParent.role_id, RoleParent.parent_id).where(
            RoleParent.role_id.in_(list(parents))
        )
    ):
        parents[role_id].append(parent_id)
    return PlaceFacts(
        home,
        roles={
            role_id: RoleFacts(at, tuple(parents[role_id]), active, is_default)
            for role_id, at, active, is_default, _ in rows
        },
    )


def _place(channel: Channel) -> Place:
    """Where the overwrites in force in a channel stand."""
    if channel.synced and channel.category_id is not None:
        return "category", channel.category_id
    return "channel", channel.id


def _grants(role_ids: Sequence[int]) -> defaultdict[int, list[dict[str, Any]]]:
    direct = (
        select(
            RoleGrant.role_id,
            Permission.bit,
            Permission.name,
            RoleGrant.effect,
            RoleGrant.scope_key,
            null().label("group_name"),
        )
        .join(Permission, Permission.id == RoleGrant.permission_id)
        .where(RoleGrant.role_id.in_(role_ids))
    )
    by_group = (
        select(
            RoleGroupGrant.role_id,
            Permission.bit,
            Permission.name,
            RoleGroupGrant.effect,
            RoleGroupGrant.scope_key,
            PermissionGroup.name,
        )
        .join(PermissionGroup, PermissionGroup.id == RoleGroupGrant.group_id)
        .join(PermissionGroupMember, PermissionGroupMember.group_id == PermissionGroup.id)
        .join(Permission, Permission.id == PermissionGroupMember.permission_id)
        .where(RoleGroupGrant.role_id.in_(role_ids))
    )
    found: defaultdict[int, list[dict[str, Any]]] = defaultdict(list)
    rows: Sequence[Any] = db.session.execute(union_all(direct, by_group)).all()
    for role_id, _, name, effect, scope, group in sorted(rows, key=lambda row: row[1]):
        found[role_id].append(
            {"permission": name, "effect": Effect(effect).value, "scope": scope, "group": group}
        )
    return found


def _holders(role_ids: Sequence[int]) -> dict[int, int]:
    statement = (
        select(RoleAssignment.role_id, func.count())
        .where(RoleAssignment.role_id.in_(role_ids))
        .group_by(RoleAssignment.role_id)
    )
    return {role_id: number for role_id, number in db.session.execute(statement)}


def _overwrites(places: set[Place]) -> defaultdict[Place, list[dict[str, Any]]]:
    ids: dict[str, list[int]] = {"channel": [], "category": []}
    for kind, id_ in places:
        ids[kind].append(id_)
    row = ChannelOverwrite
    statement = (
        select(
            row.channel_id,
            row.category_id,
            row.role_id,
            row.user_id,
            Role.name,
            User.username,
            row.effect,
            Permission.name,
        )
        .join(Permission, Permission.id == row.permission_id)
        .outerjoin(Role, Role.id == row.role_id)
        .outerjoin(User, User.id == row.user_id)
        .where(row.channel_id.in_(ids["channel"]) | row.category_id.in_(ids["category"]))
        .order_by(Permission.bit)
    )
    found: dict[tuple[Place, str, int], dict[str, Any]] = {}
    rows: Any = db.session.execute(statement)
    for channel, category, role_id, user_id, role, username, effect, name in rows:
        if role_id is None and user_id is None:
            continue  # of a team
        place = ("channel", channel) if channel is not None else ("category", category)
        target = (USER, user_id, username) if role_id is None else (ROLE, role_id, role)
        entry = found.setdefault(
            (place, target[0], target[1]),
            {
                "target_type": target[0],
                "target_id": target[1],
                "target": target[2],
                "allow": [],
                "deny": [],
            },
        )
        entry[Effect(effect).value].append(name)
    laid: defaultdict[Place, list[dict[str, Any]]] = defaultdict(list)
    for (place, _, _), entry in sorted(found.items()):
        laid[place].append(entry)
    return laid
