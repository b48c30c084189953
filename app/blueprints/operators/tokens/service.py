"""API tokens: made for oneself, with rights that one has; taken back by their owner or an admin."""

from __future__ import annotations

from collections.abc import Collection
from datetime import timedelta
from typing import Any

from sqlalchemy import select

from app.auth.api_tokens import add_token, usable
from app.extensions import permissions
from yoto.auth.operators import INSIGHT
from yoto.errors import PermissionDenied, UnknownResource, ValidationFailed
from yoto.http.paging import Page, cut
from yoto.store.columns import utcnow
from yoto.store.db import db
from yoto.store.models import ApiToken, User, record_audit

TOKENS_OF_USER = 20  # that are valid at the same time


def shown(token: ApiToken, valid: bool) -> dict[str, Any]:
    """A token as operators see it; ``valid``: see ``usable``."""
    return {
        "id": token.id,
        "user_id": token.user_id,
        "name": token.name,
        "rights": token.rights,
        "created_at": token.created_at,
        "expires_at": token.expires_at,
        "last_used_at": token.last_used_at,
        "revoked_at": token.revoked_at,
        "valid": valid,
    }


def tokens(user_id: int | None, after: int | None, limit: int) -> Page[dict[str, Any]]:
    """Tokens of an account, or with None of all, newest first."""
    statement = (
        select(ApiToken, usable(utcnow()))
        .join(User, User.id == ApiToken.user_id)
        .order_by(ApiToken.id.desc())
        .limit(limit + 1)
    )
    if user_id is not None:
        statement = statement.where(ApiToken.user_id == user_id)
    if after is not None:
        statement = statement.where(ApiToken.id < after)
    rows = [shown(token, bool(valid)) for token, valid in db.session.execute(statement)]
    return cut(rows, limit, lambda row: int(row["id"]))


def make(
    user_id: int, name: str, rights: Collection[str], days: int, by: str, reason: str
) -> tuple[ApiToken, str]:
    """A token for the account, and its secret, which is not kept; ``by`` as in ``revoke``.

    Raises:
        PermissionDenied: the account does not have one of the rights itself.
        ValidationFailed: it has too many tokens already.
    """
    for name_of_right in sorted({*rights} - {INSIGHT}):
        decision = permissions.decide(user_id, name_of_right)
        if not decision.allowed:
            raise PermissionDenied(decision, name_of_right)
    now = utcnow()
    valid = (
        select(ApiToken.id)
        .join(User, User.id == ApiToken.user_id)
        .where(User.id == user_id, usable(now))
    )
    if len(db.session.scalars(valid.limit(TOKENS_OF_USER)).all()) >= TOKENS_OF_USER:
        raise ValidationFailed({"name": f"{TOKENS_OF_USER} tokens are valid; revoke one first"})
    token, secret = add_token(user_id, name, set(rights), now + timedelta(days=days))
    record_audit(
        "api_token.make",
        f"api_token:{token.id}",
        by=by,
        after={
            "user_id": user_id,
            "name": name,
            "rights": token.rights,
            "expires_at": token.expires_at.isoformat(),
        },
        reason=reason,
    )
    db.session.commit()
    return token, secret


def revoke(token_id: int, by: str, owner_id: int | None, reason: str) -> ApiToken:
    """Take a token back; one that was taken back stays so.

    Args:
        by: the actor, such as ``user:42`` or ``cli:root``.
        owner_id: the required owner of the token; None: any.

    Raises:
        UnknownResource: there is none of that id, or it is another account's.
    """
    token = db.session.get(ApiToken, token_id, with_for_update=True)
    if token is None or (owner_id is not None and token.user_id != owner_id):
        raise UnknownResource("api_token", token_id)
    if token.revoked_at is None:
        token.revoked_at = utcnow()
        record_audit(
            "api_token.revoke",
            f"api_token:{token.id}",
            by=by,
            before={"name": token.name, "user_id": token.user_id},
            reason=reason,
        )
    db.session.commit()
    return token
