"""``/api/v1/invites``: codes that lead into a server."""

from __future__ import annotations

import secrets
from datetime import datetime, timedelta
from typing import Any

import marshmallow as ma
from flask import url_for
from sqlalchemy import case, delete, func, or_, select, update
from werkzeug.exceptions import Conflict, Gone

from app.blueprints.servers.members.views import MembershipSchema
from app.blueprints.servers.membership import active_member, enter
from app.guards import INVITE_USE
from app.models import Invite, Member, Server
from yoto.api.rows import locked
from yoto.auth.access import signed_in
from yoto.auth.identity import current_user_id
from yoto.errors import UnknownResource
from yoto.http.api import API_PREFIX
from yoto.http.fields import Instant, Whole
from yoto.http.idempotency import once
from yoto.http.paging import Page, PageQuery, cut, page_of
from yoto.http.rest import RestBlueprint
from yoto.permission import require_permission
from yoto.resilience import rate_limit
from yoto.store.columns import utcnow
from yoto.store.counting import counted_now
from yoto.store.db import db
from yoto.store.models import record_audit

MINUTE = 60
DAY = 24 * 3600
LIFE_DEFAULT, LIFE_MAX = 7 * DAY, 365 * DAY  # seconds
USES_MAX = 100_000


class InviteSchema(ma.Schema):
    """An invite."""

    id = ma.fields.Integer(required=True)
    server_id = ma.fields.Integer(required=True)
    code = ma.fields.String(required=True)
    created_by = ma.fields.Integer(required=True)
    created_at = Instant(required=True)
    expires_at = Instant(required=True, allow_none=True)
    max_uses = ma.fields.Integer(required=True, allow_none=True)
    uses = ma.fields.Integer(required=True)


class NewInviteSchema(ma.Schema):
    """The limits of an invite to be made."""

    expires_in = Whole(
        MINUTE,
        LIFE_MAX,
        load_default=LIFE_DEFAULT,
        allow_none=True,
        metadata={"description": "Seconds; null: it never expires"},
    )
    max_uses = Whole(
        1,
        USES_MAX,
        load_default=None,
        allow_none=True,
        metadata={"description": "People it lets in; null: any number"},
    )


# Invites of a server, and of one member in it, that still admit a user; others are dropped to make
# room.
INVITES_MAX, INVITES_OF_MEMBER = 1_000, 100
CODE_BYTES = 12  # 96 random bits: a code cannot be found by trying


def _create(server_id: int, actor_id: int, expires_in: int | None, max_uses: int | None) -> Invite:
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
    counted = there.where(Invite.server_id == server_id)
    for spent_are_gone in (False, True):
        all_, own = counted_now(counted)
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


def _delete(server_id: int, invite_id: int, actor_id: int) -> None:
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


def _join(code: str, user_id: int) -> tuple[Member, bool]:
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


invites = RestBlueprint(
    "invites", __name__, url_prefix=API_PREFIX, description="Codes that lead into a server"
)

INVITES = "/servers/<int:server_id>/invites"


@invites.post(INVITES)
@require_permission("member.invite", "server", "server_id")
@once
@invites.arguments(NewInviteSchema)
@invites.response(201, InviteSchema)
@invites.alt_response(409, "CONFLICT")
def create_invite(body: dict[str, Any], server_id: int) -> tuple[Invite, dict[str, str]]:
    """Make an invite"""
    invite = _create(server_id, current_user_id(), **body)
    return invite, {"Location": url_for(".join_by_invite", code=invite.code)}


@invites.get(INVITES)
@require_permission("server.manage", "server", "server_id")
@invites.arguments(PageQuery, location="query")
@invites.response(200, page_of(InviteSchema))
def list_invites(query: dict[str, Any], server_id: int) -> Page[Invite]:
    """The invites of a server, used up and expired ones too"""
    return invites_of(server_id, **query)


@invites.delete(f"{INVITES}/<int:invite_id>")
@require_permission("server.manage", "server", "server_id")
@invites.response(204)
def delete_invite(server_id: int, invite_id: int) -> None:
    """Take an invite back"""
    _delete(server_id, invite_id, current_user_id())


@invites.post("/invites/<string(maxlength=32):code>/join")
@signed_in
@rate_limit(INVITE_USE)
@once
@invites.response(200, MembershipSchema)
@invites.alt_response(201, schema=MembershipSchema, success=True)
@invites.alt_response(410, "GONE")
@invites.alt_response(429, "TOO_MANY_REQUESTS")
def join_by_invite(code: str) -> tuple[Member, int]:
    """Join a server by an invite; 201 when the membership is new"""
    member, new = _join(code, current_user_id())
    return member, 201 if new else 200
