"""Bearer tokens: issuing, rotating, revoking.

A sign-in starts a *family*. Its access and refresh tokens carry the family's id and the user's
token epoch. Signing out denies the family; changing the password raises the epoch, which refuses
every earlier token. Refresh tokens serve once: a second use means that it was copied, and denies
the whole family (OAuth 2.0 Security Best Current Practice, RFC 9700, section 4.14).

The caller is identified from memory: the token by its text, the account by its cache entry. Calls
that spend or end a token verify it and ask the database.
"""

from __future__ import annotations

import hmac
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from time import time
from typing import Any

from flask import Flask, Response, current_app, g, request
from flask_jwt_extended import (
    JWTManager,
    create_access_token,
    create_refresh_token,
    decode_token,
    get_jwt,
    verify_jwt_in_request,
)
from flask_jwt_extended.exceptions import RevokedTokenError
from jwt.exceptions import PyJWTError
from werkzeug.exceptions import Unauthorized

from app.auth.accounts import active_account, deny, known_account
from app.auth.token_memory import (
    AUTH_TIME_CLAIM,
    EPOCH_CLAIM,
    FAMILY_CLAIM,
    TokenClaims,
    TokenMemory,
)
from app.models import User
from yoto.auth.identity import Identity
from yoto.http.problems import problem
from yoto.sealing import secret_keys
from yoto.store.columns import utcnow
from yoto.store.db import db
from yoto.store.models import ROTATED, record_audit

MEMORY = "yoto.verified_tokens"
BEARER = "Bearer "
KEY_ID_BYTES = 4


@dataclass(frozen=True, slots=True)
class TokenPair:
    """The tokens that a client keeps. ``expires_in`` is the access token's lifetime in seconds."""

    access_token: str
    refresh_token: str
    expires_in: int


def init_tokens(app: Flask) -> None:
    """Wire the token library: keys, lives, and problems for each way a token can be wrong."""
    ours, *others = [
        # Sessions and tokens must not be forgeable with each other's signatures.
        hmac.digest(key.encode(), b"yoto access tokens", "sha256").hex()
        for key in secret_keys(app.config)
    ]
    app.config.setdefault("JWT_SECRET_KEY", ours)
    signing: str = app.config["JWT_SECRET_KEY"]
    # By the id that a token names (RFC 7515, section 4.1.4); older builds named none.
    accepted = {_key_id(key): key for key in (signing, *others)}
    header = {"kid": _key_id(signing)}
    app.config["JWT_TOKEN_LOCATION"] = ["headers"]
    app.config["JWT_ACCESS_TOKEN_EXPIRES"] = timedelta(seconds=app.config["ACCESS_TOKEN_SECONDS"])
    app.config["JWT_REFRESH_TOKEN_EXPIRES"] = timedelta(seconds=app.config["REFRESH_TOKEN_SECONDS"])
    app.extensions[MEMORY] = TokenMemory()
    manager = JWTManager(app)
    manager.additional_headers_loader(lambda identity: dict(header))
    manager.decode_key_loader(lambda header, claims: accepted.get(header.get("kid"), signing))
    manager.token_in_blocklist_loader(_is_refused)
    manager.unauthorized_loader(lambda reason: unauthorized("token-missing", reason))
    manager.invalid_token_loader(lambda reason: unauthorized("token-invalid", reason))
    manager.expired_token_loader(
        lambda header, claims: unauthorized("token-expired", "The token has expired.")
    )
    manager.revoked_token_loader(
        lambda header, claims: unauthorized("token-revoked", "The token was revoked.")
    )
    manager.token_verification_failed_loader(
        lambda header, claims: unauthorized("token-invalid", "The token's claims are not right.")
    )


def _key_id(key: str) -> str:
    return hmac.digest(key.encode(), b"yoto key id", "sha256")[:KEY_ID_BYTES].hex()


def unauthorized(slug: str, detail: str) -> Response:
    """A 401 that names what is wrong with the credential."""
    return problem(401, slug, detail)


def bearer_identity() -> Identity:
    """The account behind the access token of this request, from memory where possible.

    Raises:
        flask_jwt_extended / jwt exceptions, which leave as 401 problems, when there is no valid
        access token.
        StoreUnavailable: whether it is still valid cannot be determined.
    """
    claims = _bearer_claims()
    found = known_account(claims.user_id, claims.epoch, claims.denial_keys)
    if found is None:
        raise RevokedTokenError({}, {})
    return found


def confirmed_bearer() -> Identity:
    """The bearer, verified anew with the database, for calls that change the credential.

    Raises: as ``bearer_identity``.
    """
    verify_jwt_in_request()
    return g.token_identity  # type: ignore[no-any-return]


def sign_in_id() -> str:
    """The family of the access token of this request, which was verified."""
    return _bearer_claims().family


def signed_in_at() -> float | None:
    """When that sign-in began, in epoch seconds; None: its tokens are older than such claims."""
    return _bearer_claims().authenticated_at


def identity_of(access_token: str) -> Identity | None:
    """The account behind an access token that came without headers (a socket's), or None.

    Raises:
        StoreUnavailable: whether it is still valid cannot be determined.
    """
    memory: TokenMemory = current_app.extensions[MEMORY]
    claims = memory.get(access_token, time())
    if claims is None:
        try:
            claims = TokenClaims.of(decode_token(access_token))
        except PyJWTError:
            return None
        if claims is None or not claims.access:
            return None
        memory.remember(access_token, claims)
    return known_account(claims.user_id, claims.epoch, claims.denial_keys)


def _bearer_claims() -> TokenClaims:
    header: str = request.environ.get("HTTP_AUTHORIZATION", "")
    text = header[len(BEARER) :] if header.startswith(BEARER) else ""
    memory: TokenMemory = current_app.extensions[MEMORY]
    found = memory.get(text, time())
    if found is None:
        verify_jwt_in_request(skip_revocation_check=True)
        found = TokenClaims.of(get_jwt())
        if found is None:
            raise RevokedTokenError({}, {})
        # In its canonical spelling a token is the header's text itself, however the header is
        # parsed.
        memory.remember(text, found)
    return found


def issue_tokens(user: User, spent: Mapping[str, Any] | None = None) -> TokenPair:
    """Tokens for ``user``: those of a new sign-in, or the next pair after a spent token, which
    keeps the time of its sign-in.
    """
    if spent is None:
        claims = {FAMILY_CLAIM: secrets.token_hex(16), AUTH_TIME_CLAIM: int(time())}
    else:
        claims = {name: spent[name] for name in (FAMILY_CLAIM, AUTH_TIME_CLAIM) if name in spent}
    claims[EPOCH_CLAIM] = user.token_epoch
    subject = str(user.id)  # RFC 7519: "sub" is a string
    return TokenPair(
        access_token=create_access_token(subject, additional_claims=claims),
        refresh_token=create_refresh_token(subject, additional_claims=claims),
        expires_in=int(current_app.config["ACCESS_TOKEN_SECONDS"]),
    )


def access_token_of(user_id: int, epoch: int, family: str, since: int, seconds: int) -> str:
    """An access token of a sign-in that a session remembers, which ends with that sign-in.

    Args:
        since: when it began, in epoch seconds.
        seconds: lifetime of the token, not longer than the session's.
    """
    claims = {FAMILY_CLAIM: family, AUTH_TIME_CLAIM: since, EPOCH_CLAIM: epoch}
    return create_access_token(
        str(user_id), additional_claims=claims, expires_delta=timedelta(seconds=seconds)
    )


def rotate_tokens() -> TokenPair:
    """Spend the refresh token of this request and give the next pair of its family.

    Raises:
        Unauthorized: the token was spent before; its family is denied now.
    """
    verify_jwt_in_request(refresh=True)
    claims = get_jwt()
    if not _deny(claims["jti"], claims, ROTATED):
        record_audit("token.reuse", f"user:{claims['sub']}", by=None)
        _deny(claims[FAMILY_CLAIM], claims, "reused")
        raise Unauthorized(
            response=unauthorized(
                "token-reused",
                "The refresh token was used before; this sign-in is over, so sign in again.",
            )
        )
    return issue_tokens(db.session.get_one(User, int(claims["sub"])), claims)


def revoke_family() -> None:
    """Sign out: every token of the sign-in that made this request's token is refused from now."""
    verify_jwt_in_request()
    claims = get_jwt()
    _deny(claims[FAMILY_CLAIM], claims, "logout")


def _deny(token_key: str, claims: dict[str, Any], reason: str) -> bool:
    issued = datetime.fromtimestamp(claims["iat"], UTC)
    # A family lives on in refresh tokens issued up to now, so its denial outlives them.
    expires_at = max(issued, utcnow()) + current_app.config["JWT_REFRESH_TOKEN_EXPIRES"]
    return deny(token_key, int(claims["sub"]), reason, expires_at)


def _is_refused(header: dict[str, Any], claims: dict[str, Any]) -> bool:
    """Whether the account is gone, or the token denied or outdated, as the database has it.

    A spent refresh token is passed on to ``rotate_tokens``, which must see the second use.
    """
    token = TokenClaims.of(claims)
    found = token and active_account(token.user_id, token.epoch, token.denial_keys)
    if found is None:
        return True
    g.token_identity = found
    return False
