"""``flask yoto``: the platform's tables, whose migrations are apart from the application's."""

from __future__ import annotations

from collections.abc import Callable

import click
from flask import Flask, current_app
from flask.cli import AppGroup, with_appcontext
from sqlalchemy import make_url
from sqlalchemy.exc import ArgumentError, DBAPIError

from yoto.cli.model import models
from yoto.cli.routes import guards
from yoto.errors import PlatformError
from yoto.parts.room_tables import settle_tables
from yoto.permission import PermissionSystem, number_everybody
from yoto.room import rooms_of
from yoto.store import migrations
from yoto.store.db import db
from yoto.store.failures import lacks_tables
from yoto.store.moving import fill_from

# An application's extension that returns a further line of ``flask yoto setup``, or None.
AFTER_SETUP = "yoto.after_setup"

yoto = AppGroup("yoto", help="Tables of the platform in the database, and guards of routes.")
yoto.add_command(guards)
yoto.add_command(models)


@yoto.command("setup")
@with_appcontext
def setup() -> None:
    """Make the tables, the permissions and roles that the code declares, and what rooms need, such
    as the default policies; existing ones stay. People whose ids are no numbers get numbers.
    """
    app = current_app._get_current_object()  # type: ignore[attr-defined]
    try:
        with migrations.one_at_a_time(app):
            with db.engine.connect() as connection:
                fresh = not migrations.found_in(connection)
            revisions = migrations.upgrade()
            rooms = settle_tables(app, fresh)
            added = PermissionSystem().sync_catalogue()
            roles = PermissionSystem().sync_declared_roles()
            stored = [one.set_up() for one in rooms_of(app) if one.set_up is not None]
            _number_people(app)
    except (ValueError, PlatformError) as error:
        raise click.ClickException(str(error)) from None
    click.echo(f"tables: {', '.join(revisions) or 'up to date'}")
    for line in rooms:
        click.echo(line)
    click.echo(f"permissions: {len(added)} added")
    for role in roles:
        click.echo(f"roles: {role}")
    for line in stored:
        click.echo(line)
    line = app.extensions.get(AFTER_SETUP, lambda: None)()
    if line is not None:
        click.echo(line)


def _number_people(app: Flask) -> None:
    try:
        number_everybody(app)
    except DBAPIError as error:
        # The application may create its table of people later.
        if not lacks_tables(error):
            raise


@yoto.group("db")
def tables() -> None:
    """The platform's tables (yoto_...) and their migrations."""


@tables.command("upgrade")
@click.argument("revision", required=False)
@with_appcontext
def upgrade(revision: str | None) -> None:
    """Make the tables, or bring them to REVISION, by default the newest."""
    _run(lambda: migrations.upgrade(revision), "ran", "The tables are up to date.")


@tables.command("downgrade")
@click.argument("revision")
@with_appcontext
def downgrade(revision: str) -> None:
    """Take back migrations after REVISION; 'base' takes back all, with the tables' contents."""
    wanted = None if revision == "base" else revision
    _run(lambda: migrations.downgrade(wanted), "took back", "There is nothing after it.")


@tables.command("current")
@with_appcontext
def current() -> None:
    """Show the database's migration, and the newest of the code."""
    newest, _ = migrations.known_to_code()
    with db.engine.connect() as connection:
        found = migrations.found_in(connection)
    click.echo(f"database: {', '.join(sorted(found)) or 'none'}")
    click.echo(f"code: {', '.join(sorted(newest))}")


@tables.command("fill-from")
@click.argument("address", envvar="OLD_DATABASE_URL")
@with_appcontext
def fill(address: str) -> None:
    """Copy all rows of the database at ADDRESS into the empty tables of this one, or none.

    It may be of another kind. No process may use either of them meanwhile. OLD_DATABASE_URL may
    have the address, where others see what commands are called with.
    """
    app = current_app._get_current_object()  # type: ignore[attr-defined]
    try:
        count = fill_from(app, make_url(address), click.echo)
    except (ArgumentError, ValueError, PlatformError) as error:
        raise click.ClickException(str(error)) from None
    except DBAPIError as error:
        raise click.ClickException(f"nothing was copied: {error.orig}") from None
    click.echo(f"{count} rows in all")


def _run(act: Callable[[], list[str]], did: str, nothing: str) -> None:
    try:
        revisions = act()
    except ValueError as error:
        raise click.ClickException(str(error)) from None
    for revision in revisions:
        click.echo(f"{did} {revision}")
    if not revisions:
        click.echo(nothing)
