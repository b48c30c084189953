"""``flask users``: accounts, from the shell of the machine."""

from __future__ import annotations

import re
import secrets
import sys

import click
from flask import current_app
from flask.cli import AppGroup
from sqlalchemy import select

from app.auth.passwords import passwords
from app.models import USERNAME_PATTERN, User
from yoto.hashing import PASSWORD_MAX_LENGTH
from yoto.store.db import db, writing
from yoto.store.models import record_audit
from yoto.weak_passwords import is_weak

users = AppGroup("users", help="Manage accounts.")


@users.command("create-admin")
@click.argument("username")
@click.option("--display-name", help="The name shown to others; the username by default.")
@click.option(
    "--password-stdin", is_flag=True, help="Read the password from standard input, one line."
)
def create_admin(username: str, display_name: str | None, password_stdin: bool) -> None:
    """Make a super-administrator. Without --password-stdin a password is made and shown once."""
    add_administrator(username, display_name, password_stdin, reason="flask users create-admin")


def add_administrator(
    username: str, display_name: str | None, password_stdin: bool, reason: str
) -> None:
    """Make a super-administrator and commit; tells the password where it was not read.

    Raises:
        click.ClickException: the name or the password cannot be one, or the name is taken.
    """
    if not re.fullmatch(USERNAME_PATTERN, username):
        raise click.ClickException(f"username: '{username}' is not like {USERNAME_PATTERN}")
    if password_stdin:
        password = sys.stdin.readline().rstrip("\n")
        _refuse_bad_password(password, username)
    else:
        password = secrets.token_urlsafe(15)
    password_hash = passwords().hash(password)
    with writing():
        if db.session.scalar(select(User.id).where(User.username == username)) is not None:
            raise click.ClickException(f"username: '{username}' is taken")
        user = User(
            username=username,
            display_name=display_name or username,
            password_hash=password_hash,
            super_admin=True,
        )
        db.session.add(user)
        db.session.flush()
        record_audit(
            "user.create",
            f"user:{user.id}",
            by=None,
            after={"username": username, "super_admin": True},
            reason=reason,
        )
        db.session.commit()
    click.echo(f"Administrator '{username}' made.")
    if not password_stdin:
        click.echo(f"Password, shown this once: {password}")


@users.command("list")
@click.option("--limit", default=50, show_default=True, type=click.IntRange(1, 1000))
def list_users(limit: int) -> None:
    """Show the first accounts by id."""
    for user in db.session.scalars(select(User).order_by(User.id).limit(limit)):
        marks = [
            mark
            for mark, on in (("super-admin", user.super_admin), ("disabled", user.disabled))
            if on
        ]
        click.echo(f"{user.id:>8}  {user.username:<32}  {' '.join(marks)}".rstrip())


def _refuse_bad_password(password: str, username: str) -> None:
    shortest = current_app.config["PASSWORD_MIN_LENGTH"]
    if not shortest <= len(password) <= PASSWORD_MAX_LENGTH:
        raise click.ClickException(f"password: {shortest} to {PASSWORD_MAX_LENGTH} characters")
    if is_weak(password, username):
        raise click.ClickException("password: one of those that are guessed first")
