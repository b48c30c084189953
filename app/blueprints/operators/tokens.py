"""API tokens: made for oneself, with rights that one has; taken back by their owner or an admin."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from functools import partial
from typing import Annotated, TypedDict

from marshmallow.validate import Length, OneOf
from sqlalchemy import select
from werkzeug.exceptions import Forbidden

from app.auth.api_tokens import add_token, usable
from app.extensions import permissions
from yoto.auth.operators import (
    ADMIN,
    INSIGHT,
    NOT_IN_TOKEN,
    OPERATE,
    TOKEN_RIGHTS,
    VIEW,
    Via,
    account,
    actor_id,
    demand_in_credential,
    may,
    operator,
)
from yoto.errors import PermissionDenied, UnknownResource, ValidationFailed
from yoto.http.fields import Name
from yoto.http.operation import After, Author, Limit, Reason, Subject
from yoto.http.paging import PAGE_DEFAULT, Page, cut
from yoto.http.shapes import Between
from yoto.store.columns import utcnow
from yoto.store.db import db
from yoto.store.models import ApiToken as Row
from yoto.store.models import User, record_audit

NAME_LENGTH = 100
DAYS, DAYS_MAX = 90, 366
TOKENS_OF_USER = 20  # that are valid at the same time
TokenRight = Annotated[str, OneOf(TOKEN_RIGHTS)]

tokens = Subject("tokens", "/tokens", "API tokens of operators", "api_token")


class ApiToken(TypedDict):
    """An API token, without its secret."""

    id: int
    user_id: int
    name: str
    rights: Sequence[TokenRight]
    created_at: datetime
    expires_at: datetime
    last_used_at: Annotated[datetime | None, "Exact to the minute"]
    revoked_at: datetime | None
    valid: Annotated[bool, "Neither over, taken back, nor ended with its owner's sessions"]


class MadeApiToken(ApiToken):
    """A token that was just made."""

    token: Annotated[str, "Shown this once"]


@tokens.operation("GET", "", VIEW)
def list_api_tokens(
    after: After = None,
    limit: Limit = PAGE_DEFAULT,
    everyone: Annotated[bool, "Those of all operators; takes `platform.admin`"] = False,
) -> Page[ApiToken]:
    """Your API tokens, or those of all"""
    if everyone and not may(ADMIN):
        raise PermissionDenied(NOT_IN_TOKEN if operator().limit else "not_granted", ADMIN)
    return tokens_of(None if everyone else account().user_id, after, limit)


@tokens.operation("POST", "", VIEW, body="NewApiToken", secret=True, status=201)
def make_api_token(
    by: Author,
    reason: Reason,
    name: Annotated[str, partial(Name, NAME_LENGTH)],
    rights: Annotated[
        list[TokenRight],
        Length(min=1, max=len(TOKEN_RIGHTS)),
        "Rights that you have yourself; and `platform.insight`, with which the token may use your "
        "`admin.audit` and `server.audit`",
    ],
    days: Annotated[int, Between(1, DAYS_MAX)] = DAYS,
) -> MadeApiToken:
    """Make an API token for yourself; only a session may, since a token could outlive itself"""
    if operator().via is not Via.SESSION:
        raise Forbidden("An API token is created in a session, not with another token.")
    token, secret = make(account().user_id, name, rights, days, by=by, reason=reason)
    return {**_shown(token, valid=True), "token": secret}


@tokens.operation("POST", "/<int:token_id>/revoke", VIEW)
def revoke_api_token(by: Author, reason: Reason, token_id: int) -> ApiToken:
    """Take an API token back: yours, or as an administrator anybody's

    By session, or with a token that may use `platform.operate`: whoever finds one that only looks
    cannot switch the others off.
    """
    demand_in_credential(operator(), OPERATE)
    owner = None if may(ADMIN) else actor_id()
    return _shown(revoke(token_id, owner, by=by, reason=reason), valid=False)


def tokens_of(user_id: int | None, after: int | None, limit: int) -> Page[ApiToken]:
    """Tokens of an account, or with None of all, newest first."""
    statement = (
        select(Row, usable(utcnow()))
        .join(User, User.id == Row.user_id)
        .order_by(Row.id.desc())
        .limit(limit + 1)
    )
    if user_id is not None:
        statement = statement.where(Row.user_id == user_id)
    if after is not None:
        statement = statement.where(Row.id < after)
    rows = [_shown(token, bool(valid)) for token, valid in db.session.execute(statement)]
    return cut(rows, limit, lambda row: row["id"])


def make(
    user_id: int, name: str, rights: Collection[str], days: int, *, by: str, reason: str
) -> tuple[Row, str]:
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
    valid = select(Row.id).join(User, User.id == Row.user_id).where(User.id == user_id, usable(now))
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


def revoke(token_id: int, owner_id: int | None, *, by: str, reason: str) -> Row:
    """Take a token back; one that was taken back stays so.

    Args:
        owner_id: the required owner of the token; None: any.
        by: the author, such as ``user:42`` or ``cli:root``.

    Raises:
        UnknownResource: there is none of that id, or it is another account's.
    """
    token = db.session.get(Row, token_id, with_for_update=True)
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


def _shown(token: Row, valid: bool) -> ApiToken:
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
