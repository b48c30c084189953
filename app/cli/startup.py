"""What there must be before the first request: tables, built-in permissions, policies, an operator.

``flask setup`` makes it in production, ``run.py`` itself where ``AUTO_MIGRATE`` is on.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager

import click
from flask import Flask, current_app
from flask.cli import with_appcontext
from sqlalchemy import func, select, text

from app.blueprints.health import State, examine_migrations
from app.cli.acts import acting
from app.cli.seed.demo import seed_demo, show_accounts
from app.cli.users import add_administrator
from app.core.errors import LockNotAcquired, PolicyError, StoreUnavailable, ValidationFailed
from app.core.redis import check_address
from app.db import db, engine_beside, writing
from app.extensions import permissions, policy, redis_store
from app.failures import is_outage
from app.migrations import found_in, known_to_code
from app.models import User
from app.time_limits import TIME_LIMIT
from app.wiring import passing_breaker

# Hosts that are set up at the same moment do it one after the other.
LOCK, LOCK_SECONDS = "yoto.setup", 300
FIRST_OPERATOR = "admin"

log = logging.getLogger(__name__)


def prepare(app: Flask) -> None:
    """Bring the database up to date where the configuration says so, or say what it lacks.

    The passwords of the demo accounts are printed here, at the first start, and nowhere else:
    the database has only their hashes.

    Raises:
        StoreUnavailable: the database does not answer.
        ConfigurationError: the address of Redis leads to something else than it says.
    """
    check_address(redis_store.of(app))
    with app.app_context(), writing():
        if not app.config["AUTO_MIGRATE"]:
            found = examine_migrations()
            if found.state is not State.OK:
                log.error("requests fail until this is mended: %s", found.detail)
            return
        set_up(app)
        empty = db.session.scalar(select(func.count()).select_from(User)) == 0
        db.session.rollback()
        if app.config["SEED_DEMO"] and empty:
            show_accounts(seed_demo())
        db.session.remove()


def set_up(app: Flask) -> list[str]:
    """Make or mend the tables, the built-in permissions and the default policies; what is there
    stays as it is. Needs a context of ``app``.

    Returns:
        A line on each of them.

    Raises:
        LockNotAcquired: somebody else has been at it for five minutes.
        StoreUnavailable: the database does not answer.
    """
    with _one_at_a_time(app):
        # The breaker's own settings are in a table that may not be there yet.
        with passing_breaker():
            _upgrade()
        added = permissions.sync_catalogue()
        lines = [f"tables: {examine_migrations().facts.get('database', 'none')}"]
        lines.append(f"permissions: {len(added)} added")
        try:
            stored = policy.sync_defaults()
            lines.append(f"policies: {len(stored.stored)} stored, {len(stored.removed)} removed")
        except (PolicyError, StoreUnavailable, ValidationFailed) as error:
            # The policies that there are stay, and the server starts.
            log.error("the default policies are not stored: %s", error)
            lines.append(f"policies: not stored: {error}")
    return lines


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


def _upgrade() -> None:
    newest, _ = known_to_code()
    with db.engine.connect() as connection:
        if found_in(connection) == newest:
            return
    # A worker would keep alembic for as long as it serves.
    from flask_migrate import upgrade

    upgrade()


@contextmanager
def _one_at_a_time(app: Flask) -> Iterator[None]:
    try:
        with passing_breaker(), engine_beside(app).connect() as connection:
            if connection.dialect.name != "sqlite":
                connection.execution_options(**{TIME_LIMIT: LOCK_SECONDS + 1})
                locked = text("SELECT GET_LOCK(:name, :seconds)")
                if not connection.scalar(locked, {"name": LOCK, "seconds": LOCK_SECONDS}):
                    raise LockNotAcquired(LOCK)
                connection.commit()  # the lock is the connection's, and no transaction's
            yield
            if connection.dialect.name != "sqlite":
                connection.execute(text("SELECT RELEASE_LOCK(:name)"), {"name": LOCK})
    except Exception as error:
        if is_outage(error):
            raise StoreUnavailable("database", getattr(error, "orig", error)) from error
        raise
