"""Servers: listing them; making, changing, handing over and deleting one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Row, Select, bindparam, delete, exists, false, func, insert, select, true
from werkzeug.exceptions import Conflict

from app.models import Channel, Member, Server, User
from yoto.api.rows import change, locked
from yoto.auth.identity import Identity
from yoto.errors import NotSetUp, PermissionDenied, ValidationFailed
from yoto.http.paging import Page, cut
from yoto.permission import EVERYONE_GRANTS
from yoto.store.db import db
from yoto.store.models import EVERYONE, Effect, Permission, Role, RoleGrant, record_audit

FIRST_CHANNEL = "general"
OWNER_ONLY = "owner_only"
SERVERS_MAX = 100  # of one owner; all public ones stand in every user's list

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


def create_server(owner_id: int, name: str, description: str, public: bool) -> Server:
    """Make a server with its owner in it, ``@everyone`` with the usual grants, and a channel.

    Raises:
        Conflict: the owner has the most that are allowed.
    """
    locked(User, owner_id)  # servers of one owner come one by one, so that the limit holds
    if _owned_by(owner_id) >= SERVERS_MAX:
        raise Conflict(f"A user cannot own more than {SERVERS_MAX} servers.")
    server = Server(name=name, description=description, public=public, owner_id=owner_id)
    db.session.add(server)
    db.session.flush()
    everyone = Role(server_id=server.id, name=EVERYONE, is_default=True, position=0)
    db.session.add_all(
        [
            everyone,
            Member(server_id=server.id, user_id=owner_id),
            Channel(server_id=server.id, name=FIRST_CHANNEL),
        ]
    )
    db.session.flush()
    _grant_defaults(everyone)
    record_audit(
        "server.create",
        f"server:{server.id}",
        by=owner_id,
        server_id=server.id,
        after={"name": name, "description": description, "public": public},
    )
    db.session.commit()
    return server


def _owned_by(user_id: int) -> int:
    count = select(func.count()).select_from(Server).where(Server.owner_id == user_id)
    # The count must include what was committed while this request waited for the lock.
    return db.session.scalar(count.with_for_update(read=True)) or 0


def _grant_defaults(everyone: Role) -> None:
    ids = db.session.scalars(select(Permission.id).where(Permission.name.in_(EVERYONE_GRANTS)))
    grants = [
        {
            "role_id": everyone.id,
            "permission_id": permission_id,
            "server_id": everyone.server_id,
            "channel_id": None,
            "effect": Effect.ALLOW,
        }
        for permission_id in ids
    ]
    if not grants:
        # A server in which no action is allowed would look like one that works.
        raise NotSetUp("catalogue of permissions")
    db.session.execute(insert(RoleGrant), grants)


def change_server(server_id: int, actor_id: int, values: Mapping[str, Any]) -> Server:
    """Set name, description or publicity.

    Raises:
        UnknownResource: there is no such server.
    """
    server = locked(Server, server_id)
    before, after = change(server, values)
    if after:
        record_audit(
            "server.update",
            f"server:{server_id}",
            by=actor_id,
            server_id=server_id,
            before=before,
            after=after,
        )
    db.session.commit()
    return server


def delete_server(server_id: int, actor: Identity) -> None:
    """Delete a server with everything in it; only its owner (or a super-admin) may.

    Raises:
        PermissionDenied: the actor does not own the server.
        UnknownResource: there is no such server.
    """
    server = owned(server_id, actor, "server.delete")
    record_audit(
        "server.delete",
        f"server:{server_id}",
        by=actor.user_id,
        server_id=server_id,
        before={"name": server.name, "owner_id": server.owner_id},
    )
    # The database's cascades reach channels, messages, roles and members in one statement.
    db.session.execute(delete(Server).where(Server.id == server_id))
    db.session.commit()


def transfer_server(server_id: int, actor: Identity, new_owner_id: int) -> Server:
    """Hand a server over to one of its members; the old owner stays a member.

    Raises:
        PermissionDenied: the actor does not own the server.
        UnknownResource: there is no such server.
        ValidationFailed: the new owner is no member, is disabled, owns it already, or owns as many
            as anybody may.
    """
    server = owned(server_id, actor, "server.transfer")
    if new_owner_id == server.owner_id:
        raise ValidationFailed({"user_id": "owns the server already"})
    # Locked, so that the new owner cannot leave or be disabled before this is committed.
    heir = db.session.scalar(
        select(Member.id)
        .join(User, User.id == Member.user_id)
        .where(
            Member.server_id == server_id,
            Member.user_id == new_owner_id,
            Member.banned.is_(False),
            User.disabled.is_(False),
        )
        .with_for_update()
    )
    if heir is None:
        raise ValidationFailed({"user_id": "is no active member of the server"})
    if _owned_by(new_owner_id) >= SERVERS_MAX:
        raise ValidationFailed({"user_id": f"owns {SERVERS_MAX} servers already"})
    before, after = change(server, {"owner_id": new_owner_id})
    record_audit(
        "server.transfer",
        f"server:{server_id}",
        by=actor.user_id,
        server_id=server_id,
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


def servers_of(user_id: int, after: int | None, limit: int) -> Page[Row[Any]]:
    """The servers that the user is a member of, by id."""
    return _page(_MINE, after, limit, user_id=user_id)


def joinable_servers(user_id: int, after: int | None, limit: int) -> Page[Row[Any]]:
    """The public servers that the user is no member of, by id."""
    return _page(_JOINABLE, after, limit, user_id=user_id)


def _page(statement: Select[Any], after: int | None, limit: int, **values: int) -> Page[Row[Any]]:
    found = db.session.execute(statement, values | {"after": after or 0, "rows": limit + 1})
    return cut(found.all(), limit, lambda server: int(server.id))
