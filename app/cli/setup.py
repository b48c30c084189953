"""``flask setup``: everything that the first start needs."""

from __future__ import annotations

import click
from flask import current_app
from flask.cli import with_appcontext
from sqlalchemy import select

from app.cli.startup import set_up
from app.cli.users import add_administrator
from app.models import User
from yoto.cli.acts import acting
from yoto.store.db import db, writing

FIRST_OPERATOR = "admin"


@click.command("setup")
@click.option(
    "--operator",
    default=FIRST_OPERATOR,
    show_default=True,
    help="The name of the first operator, where there is no super-administrator yet.",
)
@click.option(
    "--password-stdin", is_flag=True, help="Read the password from standard input, one line."
)
@with_appcontext
def setup(operator: str, password_stdin: bool) -> None:
    """Make what the first start needs: tables, permissions, policies, an operator.

    What is there stays as it is, so it can be run at every deployment, also after an upgrade.
    Without --password-stdin the operator's password is made and shown once.
    """
    with acting(), writing():
        for line in set_up(current_app._get_current_object()):  # type: ignore[attr-defined]
            click.echo(line)
        present = db.session.scalar(
            select(User.username).where(User.super_admin.is_(True), User.disabled.is_(False))
        )
        db.session.rollback()
    if present is None:
        add_administrator(operator, None, password_stdin, reason="flask setup")
    else:
        click.echo(f"operator: {present}")
