"""Invites: making, listing, taking back and using one."""

from __future__ import annotations

import secrets
from datetime import datetime, timedelta

from sqlalchemy import case, delete, func, or_, select, update
from werkzeug.exceptions import Conflict, Gone

from app.blueprints.servers.membership import active_member, enter
from app.models import Invite, Member, Server
from yoto.api.rows import locked
from yoto.errors import UnknownResource
from yoto.http.paging import Page, cut
from yoto.store.columns import utcnow
from yoto.store.db import db
from yoto.store.models import record_audit

# Of a server, and of one member in it, that still admit a user; those that do not are dropped to
# make room.
INVITES_MAX, INVITES_OF_MEMBER = 1_000, 100
CODE_BYTES = 12  # 96 random bits: a code cannot be found by trying


def create_invite(
    server_id: int, actor_id: int, expires_in: int | None, max_uses: int | None
) -> Invite:
    """Make a code for ``max_uses`` people within ``expires_in`` seconds; None: no limit.

    Raises:
        Conflict: the server, or the actor in it, has as many as may be.
        UnknownResource: there is no such server.
    """
    now = utcnow()
    # The server's lock makes invites come one by one, so that the limits hold.
    locked(Server, server_id)
    _make_room(server_id, actor_id, now)
    invite = Invite(
        server_id=server_id,
        code=secrets.token_urlsafe(CODE_BYTES),
        created_by=actor_id,
        created_at=now,
        expires_at=None if expires_in is None else now + timedelta(seconds=expires_in),
        max_uses=max_uses,
    )
    db.session.add(invite)
    db.session.flush()
    record_audit(
        "invite.create",
        f"invite:{invite.id}",
        by=actor_id,
        home=f"server:{server_id}",
        after={"expires_in": expires_in, "max_uses": max_uses},
    )
    db.session.commit()
    return invite


def _make_room(server_id: int, actor_id: int, now: datetime) -> None:
    there = select(func.count(), func.sum(case((Invite.created_by == actor_id, 1), else_=0)))
    counted = there.where(Invite.server_id == server_id).with_for_update(read=True)
    for spent_are_gone in (False, True):
        all_, own = db.session.execute(counted).one()
        if all_ < INVITES_MAX and (own or 0) < INVITES_OF_MEMBER:
            return
        if not spent_are_gone:
            spent = or_(Invite.expires_at <= now, Invite.uses >= Invite.max_uses)
            db.session.execute(delete(Invite).where(Invite.server_id == server_id, spent))
    if all_ >= INVITES_MAX:
        raise Conflict(
            f"A server holds at most {INVITES_MAX:,} invites that still let somebody in."
        )
    raise Conflict(f"A member has at most {INVITES_OF_MEMBER} such invites in a server.")


def invites_of(server_id: int, after: int | None, limit: int) -> Page[Invite]:
    """The invites of a server by id, used up and expired ones too."""
    statement = select(Invite).where(Invite.server_id == server_id, Invite.id > (after or 0))
    rows = db.session.scalars(statement.order_by(Invite.id).limit(limit + 1)).all()
    return cut(rows, limit, lambda invite: invite.id)


def delete_invite(server_id: int, invite_id: int, actor_id: int) -> None:
    """Take an invite back.

    Raises:
        UnknownResource: the server has no such invite.
    """
    invite = db.session.scalar(
        select(Invite)
        .where(Invite.id == invite_id, Invite.server_id == server_id)
        .with_for_update()
    )
    if invite is None:
        raise UnknownResource("invite", invite_id)
    db.session.delete(invite)
    record_audit(
        "invite.delete",
        f"invite:{invite_id}",
        by=actor_id,
        home=f"server:{server_id}",
        before={"created_by": invite.created_by, "uses": invite.uses},
    )
    db.session.commit()


def join_by_invite(code: str, user_id: int) -> tuple[Member, bool]:
    """Enter the server of an invite. A member stays one and uses nothing up.

    Raises:
        Gone: the invite has expired or is used up.
        PermissionDenied: the server has banned the user.
        UnknownResource: no invite has this code.
    """
    invite = db.session.scalar(select(Invite).where(Invite.code == code))
    if invite is None:
        raise UnknownResource("invite", code, "code")
    found = active_member(invite.server_id, user_id)
    if found is not None:
        return found, False
    _use(invite)
    return enter(invite.server_id, user_id, how=f"invite:{invite.id}")


def _use(invite: Invite) -> None:
    """Count one use, if one is left: the statement that checks is the one that counts."""
    counted = db.session.execute(
        update(Invite)
        .where(
            Invite.id == invite.id,
            or_(Invite.max_uses.is_(None), Invite.uses < Invite.max_uses),
            or_(Invite.expires_at.is_(None), Invite.expires_at > utcnow()),
        )
        .values(uses=Invite.uses + 1)
        .execution_options(synchronize_session=False)
    )
    if counted.rowcount == 0:
        raise Gone("This invite has expired or is used up.")
