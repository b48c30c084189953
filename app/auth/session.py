"""Sessions: a signed cookie for the operators' pages under ``/control``, and another for people of
the application, whom it only gives access tokens (``SESSION_PREFIX``). Neither serves as the other.

The cookie holds the account's id, token epoch and a family, like bearer tokens, so one rule ends
both: signing out denies the family, and with it every copy of the cookie.

A break-glass session has no account: it asks no database, so it ends with time, or when another
token is configured.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from flask import Flask, Request, Response, request, session
from flask.sessions import SecureCookieSession, SecureCookieSessionInterface, SessionMixin
from werkzeug.exceptions import Unauthorized

from app.auth import break_glass
from app.auth.accounts import active_account, deny, known_account
from app.models import User
from yoto.auth.identity import Identity
from yoto.auth.operators import CONTROL_PREFIX, bearer_token
from yoto.http.application import SOCKETS_PATH
from yoto.request.context import changes_something
from yoto.store.columns import utcnow
from yoto.store.db import db

SESSION_LIFETIME = timedelta(hours=12)  # a working day, whatever the activity; then a new sign-in
PENDING_LIFETIME = timedelta(minutes=5)  # between password and code
BREAK_GLASS_LIFETIME = timedelta(hours=1)
PLACES = (CONTROL_PREFIX, SOCKETS_PATH)
# Where people of the application sign in, and their pages ask for access tokens.
SESSION_PREFIX = "/session"


class CommunityCookie(SecureCookieSessionInterface):
    """The cookie of people of the application, sent only to the addresses that give tokens."""

    salt = "community-session"

    def get_cookie_path(self, app: Flask) -> str:
        return SESSION_PREFIX


class CookieByPlace(SecureCookieSessionInterface):
    """Gives operators' browsers the cookie once for the pages and once for their sockets, and
    people of the application theirs.

    One cookie for all addresses would be sent to the API too, which does not use it. Other
    addresses have no session at all.
    """

    community = CommunityCookie()

    def open_session(self, app: Flask, request: Request) -> SecureCookieSession | None:
        if request.path.startswith(SESSION_PREFIX):
            return self.community.open_session(app, request)
        return super().open_session(app, request) if request.path.startswith(PLACES) else None

    def save_session(self, app: Flask, session: SessionMixin, response: Response) -> None:
        if request.path.startswith(SESSION_PREFIX):
            self.community.save_session(app, session, response)
            return
        super().save_session(app, session, response)
        beginning = f"{self.get_cookie_name(app)}="
        pages = f"Path={self.get_cookie_path(app)}"
        for cookie in response.headers.getlist("Set-Cookie"):
            if cookie.startswith(beginning):
                response.headers.add("Set-Cookie", cookie.replace(pages, f"Path={SOCKETS_PATH}"))


def init_sessions(app: Flask) -> None:
    """Keep the cookie to the pages that need it and to their sockets, and no longer than a session
    may last.
    """
    app.config["SESSION_COOKIE_PATH"] = CONTROL_PREFIX
    app.session_interface = CookieByPlace()
    app.config["PERMANENT_SESSION_LIFETIME"] = SESSION_LIFETIME


def start_session(user: User) -> None:
    """Sign ``user`` in. Nothing of what the cookie held before is kept (session fixation)."""
    session.clear()
    session.permanent = True
    session["user_id"] = user.id
    session["epoch"] = user.token_epoch
    session["family"] = secrets.token_hex(16)
    session["since"] = int(utcnow().timestamp())


def begin_session(user: User) -> None:
    """Remember that ``user`` had the right password, and must prove a second factor.

    The cookie opens nothing yet, since it holds no session.
    """
    session.clear()
    session["pending"] = [user.id, user.token_epoch, int(utcnow().timestamp())]


def pending_user() -> User | None:
    """The account that gave the right password just now.

    None: there is none, it was too long ago, or the account has ended its sessions since.
    """
    user_id, epoch, since = session.get("pending", (0, 0, 0))
    if utcnow() >= datetime.fromtimestamp(since, UTC) + PENDING_LIFETIME:
        return None
    user = db.session.get(User, user_id)
    if user is None or user.disabled or user.token_epoch != epoch:
        return None
    return user


def start_break_glass_session() -> None:
    """Sign in the holder of the break-glass token."""
    session.clear()
    session.permanent = True
    session["broken_glass"] = break_glass.configured_hash()
    session["glass_id"] = secrets.token_hex(16)
    session["since"] = int(utcnow().timestamp())


def in_break_glass_session() -> bool:
    """Whether this session began with the break-glass token, and is still valid."""
    return "broken_glass" in session and break_glass.session_holds(
        session["broken_glass"], session.get("glass_id", ""), session_ends_at()
    )


@dataclass(frozen=True, slots=True)
class SessionClaim:
    """The claims of a session, which count only after the checks of ``identity``.

    Attributes:
        user_id, epoch, family: as in the cookie.
        since: when it began, in epoch seconds.
        ends_at: when it ends by itself.
    """

    user_id: int
    epoch: int
    family: str
    since: int
    ends_at: datetime

    def identity(self, confirmed: bool = True) -> Identity:
        """The account, checked against the database or the cache.

        Args:
            confirmed: whether the database is to be asked.

        Raises:
            Unauthorized: the session has ended, or the account may not act any more.
        """
        found = None
        if utcnow() < self.ends_at:
            look = active_account if confirmed else known_account
            found = look(self.user_id, self.epoch, [self.family])
        if found is None:
            raise Unauthorized("Sign in first.")
        return found


def session_claim() -> SessionClaim:
    """The claim of the session at hand, for what lives longer than its request.

    Raises:
        Unauthorized: the caller is not signed in.
    """
    if "user_id" not in session:
        raise Unauthorized("Sign in first.")
    claims = (session[name] for name in ("user_id", "epoch", "family", "since"))
    return SessionClaim(*claims, session_ends_at())


def session_identity() -> Identity:
    """The account of the session.

    The database is asked for every request that may change something.

    Raises:
        Unauthorized: the caller is not signed in, or no longer.
    """
    return session_claim().identity(confirmed=changes_something())


def end_session() -> None:
    """Sign out: the cookie is emptied, and copies of it are refused."""
    if "user_id" in session:
        deny(session["family"], session["user_id"], "logout", session_ends_at())
    if "glass_id" in session:
        break_glass.end_session(session["glass_id"], BREAK_GLASS_LIFETIME)
    session.clear()


def session_since() -> float | None:
    """When the caller of this request signed in, in epoch seconds; None: it has an API token."""
    return None if bearer_token() is not None else session.get("since")


def session_ends_at() -> datetime:
    """The session's own end."""
    lifetime = BREAK_GLASS_LIFETIME if "broken_glass" in session else SESSION_LIFETIME
    return datetime.fromtimestamp(session["since"], UTC) + lifetime
