"""Servers: listing them; making, changing, handing over and deleting one."""

from __future__ import annotations

from datetime import datetime
from functools import partial
from typing import Annotated, Any, TypedDict, Unpack

import marshmallow as ma
from sqlalchemy import Select, bindparam, delete, exists, false, func, insert, select, true
from werkzeug.exceptions import Conflict

from app.blueprints.servers.gate import needs_management
from app.blueprints.servers.membership import demand_visible
from app.models import Channel, Member, Server, User
from yoto.api.rows import change, locked
from yoto.auth.access import signed_in
from yoto.auth.identity import Identity, identity
from yoto.errors import NotSetUp, PermissionDenied, ValidationFailed
from yoto.http.fields import Name, Text
from yoto.http.operation import Actor, After, Limit, Subject
from yoto.http.paging import PAGE_DEFAULT, Page, cut
from yoto.http.shapes import Between, parts_of, schema_named
from yoto.nodes import MAX_ID
from yoto.permission import EVERYONE_GRANTS, require_permission
from yoto.store.counting import counted_now
from yoto.store.db import db
from yoto.store.models import EVERYONE, Effect, Permission, Role, RoleGrant, record_audit

FIRST_CHANNEL = "general"
OWNER_ONLY = "owner_only"
SERVERS_MAX = 100  # of one owner; all public ones stand in every user's list
SERVER = "/servers/<int:server_id>"
ServerName = Annotated[str, partial(Name, 100)]
Description = Annotated[str, partial(Text, 500, lines=True)]

_servers, _members = Server.__table__, Member.__table__
_PAGE: Select[Any] = (
    select(_servers)
    .where(_servers.c.id > bindparam("after"))
    .order_by(_servers.c.id)
    .limit(bindparam("rows"))
)
_MINE = _PAGE.join_from(_servers, _members, _members.c.server_id == _servers.c.id).where(
    _members.c.user_id == bindparam("user_id"), _members.c.banned == false()
)
_OF_CALLER = exists().where(
    _members.c.server_id == _servers.c.id,
    _members.c.user_id == bindparam("user_id"),
    _members.c.banned == false(),
)
_JOINABLE = _PAGE.where(_servers.c.public == true(), ~_OF_CALLER)


class Shown(TypedDict):
    """A server."""

    id: int
    name: str
    description: str
    owner_id: int
    public: bool
    created_at: datetime


class Changes(TypedDict, total=False):
    """Changes of a server; fields that are left out stay."""

    name: ServerName
    description: Description
    public: bool


servers = Subject(
    "servers",
    "",
    "Communities",
    "server",
    names={Server: schema_named("Server", ma.Schema, True, *parts_of(Shown))},
)


@servers.operation(
    "POST",
    "/servers",
    signed_in,
    body="NewServer",
    once=True,
    status=201,
    location=("read_server", "id"),
    also=(409,),
)
def create_server(
    actor_id: Actor,
    name: ServerName,
    description: Description = "",
    public: Annotated[bool, "Whether anybody may join"] = False,
) -> Server:
    """Make a server that you own"""
    locked(User, actor_id)  # servers of one owner come one by one, so that the limit holds
    if _owned_by(actor_id) >= SERVERS_MAX:
        raise Conflict(f"A user cannot own more than {SERVERS_MAX} servers.")
    server = Server(name=name, description=description, public=public, owner_id=actor_id)
    db.session.add(server)
    db.session.flush()
    everyone = Role(home=f"server:{server.id}", name=EVERYONE, is_default=True, position=0)
    db.session.add_all(
        [
            everyone,
            Member(server_id=server.id, user_id=actor_id),
            Channel(server_id=server.id, name=FIRST_CHANNEL),
        ]
    )
    db.session.flush()
    _grant_defaults(everyone)
    record_audit(
        "server.create",
        f"server:{server.id}",
        by=actor_id,
        home=f"server:{server.id}",
        after={"name": name, "description": description, "public": public},
    )
    db.session.commit()
    return server


@servers.operation("GET", "/servers", signed_in)
def list_servers(actor_id: Actor, after: After = None, limit: Limit = PAGE_DEFAULT) -> Page[Server]:
    """The servers that you are in"""
    return _page(_MINE, actor_id, after, limit)


@servers.operation("GET", "/servers/discover", signed_in)
def discover_servers(
    actor_id: Actor, after: After = None, limit: Limit = PAGE_DEFAULT
) -> Page[Server]:
    """The servers that anybody may join, and that you are not in"""
    return _page(_JOINABLE, actor_id, after, limit)


@servers.operation("GET", SERVER, signed_in)
def read_server(server_id: int) -> Server:
    """A server that is public, or that you are in"""
    return demand_visible(server_id, identity())


@servers.operation(
    "PATCH", SERVER, require_permission("server.manage", "server", "server_id"), body="ChangeServer"
)
def change_server(actor_id: Actor, server_id: int, **changes: Unpack[Changes]) -> Server:
    """Change name, description or publicity"""
    server = locked(Server, server_id)
    before, after = change(server, changes)
    if after:
        record_audit(
            "server.update",
            f"server:{server_id}",
            by=actor_id,
            home=f"server:{server_id}",
            before=before,
            after=after,
        )
    db.session.commit()
    return server


@servers.operation("DELETE", SERVER, needs_management)
def delete_server(server_id: int) -> None:
    """Delete a server that you own, with everything in it"""
    actor = identity()
    server = owned(server_id, actor, "server.delete")
    record_audit(
        "server.delete",
        f"server:{server_id}",
        by=actor.user_id,
        home=f"server:{server_id}",
        before={"name": server.name, "owner_id": server.owner_id},
    )
    # The database's cascades reach channels, messages, roles and members in one statement.
    db.session.execute(delete(Server).where(Server.id == server_id))
    db.session.commit()


@servers.operation("POST", f"{SERVER}/transfer", needs_management, body="Transfer", once=True)
def transfer_server(server_id: int, user_id: Annotated[int, Between(1, MAX_ID)]) -> Server:
    """Hand a server that you own over to a member"""
    actor = identity()
    server = owned(server_id, actor, "server.transfer")
    if user_id == server.owner_id:
        raise ValidationFailed({"user_id": "owns the server already"})
    # Locked, so that the new owner cannot leave or be disabled before this is committed.
    heir = db.session.scalar(
        select(Member.id)
        .join(User, User.id == Member.user_id)
        .where(
            Member.server_id == server_id,
            Member.user_id == user_id,
            Member.banned.is_(False),
            User.disabled.is_(False),
        )
        .with_for_update()
    )
    if heir is None:
        raise ValidationFailed({"user_id": "is no active member of the server"})
    if _owned_by(user_id) >= SERVERS_MAX:
        raise ValidationFailed({"user_id": f"owns {SERVERS_MAX} servers already"})
    before, after = change(server, {"owner_id": user_id})
    record_audit(
        "server.transfer",
        f"server:{server_id}",
        by=actor.user_id,
        home=f"server:{server_id}",
        before=before,
        after=after,
    )
    db.session.commit()
    return server


def owned(server_id: int, actor: Identity, act: str) -> Server:
    """The server, locked, for its owner or a super-admin.

    Raises:
        PermissionDenied: the actor is neither.
        UnknownResource: there is no such server.
    """
    server = locked(Server, server_id)
    if server.owner_id != actor.user_id and not actor.super_admin:
        raise PermissionDenied(OWNER_ONLY, act)
    return server


def _owned_by(user_id: int) -> int:
    count = select(func.count()).select_from(Server).where(Server.owner_id == user_id)
    # The count must include what was committed while this request waited for the lock.
    return int(counted_now(count)[0])


def _grant_defaults(everyone: Role) -> None:
    ids = db.session.scalars(select(Permission.id).where(Permission.name.in_(EVERYONE_GRANTS)))
    grants = [
        {
            "role_id": everyone.id,
            "permission_id": permission_id,
            "scope_key": everyone.home,
            "effect": Effect.ALLOW,
        }
        for permission_id in ids
    ]
    if not grants:
        # A server in which no action is allowed would look like one that works.
        raise NotSetUp("catalogue of permissions")
    db.session.execute(insert(RoleGrant), grants)


def _page(statement: Select[Any], user_id: int, after: int | None, limit: int) -> Page[Any]:
    """A page of servers by id."""
    values = {"user_id": user_id, "after": after or 0, "rows": limit + 1}
    return cut(db.session.execute(statement, values).all(), limit, lambda server: int(server.id))
