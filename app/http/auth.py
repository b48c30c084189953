"""Sign-in by bearer token: issuing, rotating, revoking, and who the caller is.

A sign-in starts a *family*. Its access and refresh tokens carry the family's id and the user's
token epoch. Signing out denies the family; changing the password raises the epoch, which refuses
every earlier token. Refresh tokens serve once: a second use means that somebody copied it, and
denies the whole family (OAuth 2.0 Security Best Current Practice, RFC 9700, section 4.14).
"""

from __future__ import annotations

import hmac
import secrets
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from flask import Flask, Response, current_app, g
from flask_jwt_extended import (
    JWTManager,
    create_access_token,
    create_refresh_token,
    decode_token,
    get_jwt,
    verify_jwt_in_request,
)
from sqlalchemy import exists, select
from sqlalchemy.exc import IntegrityError

from app.db import db, utcnow
from app.http.problems import problem
from app.models import RevokedToken, User

FAMILY_CLAIM = "fam"
EPOCH_CLAIM = "epoch"


@dataclass(frozen=True, slots=True)
class Identity:
    """The account behind a valid token, as the database has it now."""

    user_id: int
    super_admin: bool


@dataclass(frozen=True, slots=True)
class TokenPair:
    """What a client keeps. ``expires_in`` is the life of the access token in seconds."""

    access_token: str
    refresh_token: str
    expires_in: int


def init_auth(app: Flask) -> None:
    """Wire the token library: keys, lives, and problems for each way a token can be wrong."""
    app.config.setdefault(
        "JWT_SECRET_KEY",
        # Sessions and tokens must not be forgeable with each other's signatures.
        hmac.digest(app.config["SECRET_KEY"].encode(), b"yoto access tokens", "sha256").hex(),
    )
    app.config["JWT_TOKEN_LOCATION"] = ["headers"]
    app.config["JWT_ACCESS_TOKEN_EXPIRES"] = timedelta(seconds=app.config["ACCESS_TOKEN_SECONDS"])
    app.config["JWT_REFRESH_TOKEN_EXPIRES"] = timedelta(seconds=app.config["REFRESH_TOKEN_SECONDS"])
    manager = JWTManager(app)
    manager.token_in_blocklist_loader(_is_refused)
    manager.unauthorized_loader(lambda reason: unauthorized("token-missing", reason))
    manager.invalid_token_loader(lambda reason: unauthorized("token-invalid", reason))
    manager.expired_token_loader(
        lambda header, claims: unauthorized("token-expired", "The token has expired.")
    )
    manager.revoked_token_loader(
        lambda header, claims: unauthorized("token-revoked", "The token was taken back.")
    )
    manager.token_verification_failed_loader(
        lambda header, claims: unauthorized("token-invalid", "The token's claims are not right.")
    )


def unauthorized(slug: str, detail: str) -> Response:
    """A 401 that names what is wrong with the token."""
    return problem(401, slug, detail, headers={"WWW-Authenticate": 'Bearer realm="yoto"'})


def identity() -> Identity:
    """The caller of this request.

    Raises:
        flask_jwt_extended / jwt exceptions, which leave as 401 problems, when there is no valid
        access token.
    """
    if "identity" not in g:
        verify_jwt_in_request()
    return g.identity  # type: ignore[no-any-return]


def current_user_id() -> int:
    """The caller's user id; see ``identity``."""
    return identity().user_id


def identity_of(access_token: str) -> Identity | None:
    """The account behind an access token that came without headers (a socket's), or None."""
    claims = decode_token(access_token)
    if claims.get("type") != "access" or _is_refused({}, claims):
        return None
    return g.identity  # type: ignore[no-any-return]


def issue_tokens(user: User, family: str | None = None) -> TokenPair:
    """Tokens for ``user``: a new sign-in, or the next pair of ``family``."""
    claims = {FAMILY_CLAIM: family or secrets.token_hex(16), EPOCH_CLAIM: user.token_epoch}
    subject = str(user.id)  # RFC 7519: "sub" is a string
    access = create_access_token(subject, additional_claims=claims)
    refresh = create_refresh_token(subject, additional_claims=claims)
    lifetime = int(decode_token(access)["exp"] - decode_token(access)["iat"])
    return TokenPair(access, refresh, lifetime)


def rotate_tokens() -> TokenPair | None:
    """Spend the refresh token of this request and give the next pair.

    Returns None when the token was spent already; its family is denied then.
    """
    verify_jwt_in_request(refresh=True)
    claims = get_jwt()
    if not _deny(claims["jti"], claims, "rotated"):
        _deny(claims[FAMILY_CLAIM], claims, "reused")
        return None
    user = db.session.get_one(User, int(claims["sub"]))
    return issue_tokens(user, claims[FAMILY_CLAIM])


def revoke_family() -> None:
    """Sign out: every token of the sign-in that made this request's token is refused from now."""
    verify_jwt_in_request()
    claims = get_jwt()
    _deny(claims[FAMILY_CLAIM], claims, "logout")


def _deny(token_key: str, claims: dict[str, Any], reason: str) -> bool:
    """Write one denial and commit; False when it was denied already."""
    lifetime = timedelta(seconds=_refresh_seconds())
    issued = datetime.fromtimestamp(claims["iat"], UTC)
    db.session.add(
        RevokedToken(
            token_key=token_key,
            user_id=int(claims["sub"]),
            reason=reason,
            # A family lives on in refresh tokens issued up to now, so its denial outlives them.
            expires_at=max(issued, utcnow()) + lifetime,
        )
    )
    try:
        db.session.commit()
    except IntegrityError:
        db.session.rollback()
        return False
    return True


def _refresh_seconds() -> int:
    return int(current_app.config["REFRESH_TOKEN_SECONDS"])


def _is_refused(header: dict[str, Any], claims: dict[str, Any]) -> bool:
    """One statement: is the account still there, and the token neither denied nor outdated?

    A spent refresh token is let through to ``rotate_tokens``, which must see the second use.
    """
    keys = [claims.get(FAMILY_CLAIM, "")]
    if claims.get("type") == "access":
        keys.append(claims["jti"])
    row = db.session.execute(
        select(
            User.id,
            User.super_admin,
            User.disabled,
            User.token_epoch,
            exists().where(RevokedToken.token_key.in_(keys)).label("denied"),
        ).where(User.id == int(claims["sub"]))
    ).one_or_none()
    if row is None or row.disabled or row.denied or row.token_epoch != claims.get(EPOCH_CLAIM):
        return True
    g.identity = Identity(row.id, row.super_admin)
    return False
