"""``flask control tokens``, and ``flask control break-glass``: the token for when no other sign-in
works."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any

import click
from flask.cli import AppGroup
from marshmallow.validate import OneOf
from sqlalchemy import select

from app.auth import break_glass
from app.blueprints.operators import tokens as service
from app.blueprints.operators.tokens import DAYS, DAYS_MAX
from app.models import User
from yoto.auth.operators import TOKEN_RIGHTS, VIEW
from yoto.cli.operations import command
from yoto.http.operation import Author, Limit, Reason
from yoto.http.paging import PAGE_DEFAULT, Page
from yoto.http.shapes import Between
from yoto.moments import moment
from yoto.store.db import db

tokens = AppGroup("tokens", help="See, make and take back API tokens.")


def _tokens(page: Page[Any], **given: Any) -> Iterator[str]:
    for one in page.items:
        state = "" if one["valid"] else "  (not valid)"
        yield (
            f"{one['id']:>6}  {one['name']}  of user {one['user_id']}: {', '.join(one['rights'])} "
            f"until {moment(one['expires_at'])}, last used {moment(one['last_used_at'])}{state}"
        )
    if page.next is not None:
        yield f"More with --after {page.next}."


@command(tokens, "list", _tokens)
def list_tokens(
    user: Annotated[str | None, "Only those of this account."] = None,
    after: Annotated[int | None, "Continue behind the token of this number."] = None,
    limit: Limit = PAGE_DEFAULT,
) -> Page[Any]:
    """Show API tokens, newest first; their secrets are not stored."""
    return service.tokens_of(None if user is None else _id_of(user), after, limit)


@command(tokens, "make <username> <name>", writes=True)
def make(
    username: str,
    name: str,
    reason: Reason,
    by: Author,
    right: Annotated[tuple[str, ...], OneOf(TOKEN_RIGHTS)] = (VIEW,),
    days: Annotated[int, Between(1, DAYS_MAX)] = DAYS,
) -> list[str]:
    """Make a token called NAME for the account USERNAME, which has the rights itself."""
    token, secret = service.make(_id_of(username), name, right, days, by=by, reason=reason)
    until = moment(token.expires_at)
    return [f"Token {token.id} is good until {until}. Shown this once:", secret]


@command(tokens, "revoke <token_id>", writes=True)
def revoke(token_id: Annotated[int, click.IntRange(1)], reason: Reason, by: Author) -> str:
    """Take the token TOKEN_ID back."""
    service.revoke(token_id, None, by=by, reason=reason)
    return f"Token {token_id} is taken back."


def _id_of(username: str) -> int:
    found = db.session.scalar(select(User.id).where(User.username == username))
    if found is None:
        raise click.ClickException(f"username: no account '{username}'")
    return found


@click.command("break-glass")
def make_break_glass_token() -> None:
    """Make a token that opens the control plane when database or permissions are down.

    It is shown once and stored nowhere; the hash takes effect in processes that start with it.
    """
    token, hashed = break_glass.new_token()
    click.echo(f"Token, shown this once: {token}")
    click.echo("Keep it sealed, where several people can get at it. To enable it:")
    click.echo(f"YOTO_BREAK_GLASS_HASH={hashed}")
