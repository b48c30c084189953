"""``flask control tokens``."""

from __future__ import annotations

import click
from flask.cli import AppGroup
from sqlalchemy import select

from app.blueprints.operators.tokens import service
from app.models import User
from yoto.auth.operators import (
    TOKEN_RIGHTS,
    VIEW,
)
from yoto.cli.acts import acting
from yoto.cli.options import as_json, echo_json, says_why
from yoto.moments import moment
from yoto.store.db import db, writing

DAYS, DAYS_MAX = 90, 366

tokens = AppGroup("tokens", help="See, make and take back API tokens.")


@tokens.command("list")
@click.option("--user", "username", help="Only those of this account.")
@click.option("--after", type=int, help="Continue behind the token of this number.")
@click.option("--limit", type=click.IntRange(1, 100), default=50, show_default=True)
@as_json
def list_tokens(username: str | None, after: int | None, limit: int, as_json: bool) -> None:
    """Show API tokens, newest first; their secrets are not stored."""
    with acting():
        page = service.tokens(None if username is None else _id_of(username), after, limit)
    if as_json:
        echo_json({"items": page.items, "next": page.next})
        return
    for one in page.items:
        state = "" if one["valid"] else "  (not valid)"
        click.echo(
            f"{one['id']:>6}  {one['name']}  of user {one['user_id']}: {', '.join(one['rights'])} "
            f"until {moment(one['expires_at'])}, last used {moment(one['last_used_at'])}{state}"
        )
    if page.next is not None:
        click.echo(f"More with --after {page.next}.")


@tokens.command("make")
@click.argument("username")
@click.argument("name")
@click.option(
    "--right",
    "rights",
    multiple=True,
    type=click.Choice(TOKEN_RIGHTS),
    default=(VIEW,),
    show_default=True,
)
@click.option("--days", type=click.IntRange(1, DAYS_MAX), default=DAYS, show_default=True)
@says_why
def make(
    username: str, name: str, rights: tuple[str, ...], days: int, reason: str, actor: str
) -> None:
    """Make a token called NAME for the account USERNAME, which has the rights itself."""
    with acting(), writing():
        user_id = _id_of(username)
        token, secret = service.make(user_id, name, rights, days, actor, reason)
    click.echo(f"Token {token.id} is good until {moment(token.expires_at)}. Shown this once:")
    click.echo(secret)


@tokens.command("revoke")
@click.argument("token_id", type=click.IntRange(min=1))
@says_why
def revoke(token_id: int, reason: str, actor: str) -> None:
    """Take the token TOKEN_ID back."""
    with acting(), writing():
        service.revoke(token_id, actor, None, reason)
    click.echo(f"Token {token_id} is taken back.")


def _id_of(username: str) -> int:
    found = db.session.scalar(select(User.id).where(User.username == username))
    if found is None:
        raise click.ClickException(f"username: no account '{username}'")
    return found
