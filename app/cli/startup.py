"""The needs of the first request: tables, built-in permissions, policies, an operator.

``flask setup`` makes it in production, ``run.py`` itself where ``AUTO_MIGRATE`` is on.
"""

from __future__ import annotations

import logging

from flask import Flask
from sqlalchemy import func, select

from app.extensions import permissions, redis_store
from app.migrations import examine, examine_migrations, upgrade_all
from app.models import User
from yoto.errors import PolicyError, StoreUnavailable, ValidationFailed
from yoto.health import State
from yoto.parts.room_tables import settle_tables
from yoto.persistence import bypassing_breaker
from yoto.redis import check_address
from yoto.room import rooms_of
from yoto.store.db import db, writing
from yoto.store.migrations import one_at_a_time

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
            # At the first start alone.
            from app.cli.seed.demo import seed_demo, show_accounts

            show_accounts(seed_demo())
        db.session.remove()


def set_up(app: Flask) -> list[str]:
    """Make or mend the tables, the built-in permissions and the rows that rooms need; existing rows
    stay as they are. Needs a context of ``app``.

    Returns:
        A line on each of them.

    Raises:
        LockNotAcquired: somebody else has been at it for five minutes.
        StoreUnavailable: the database does not answer.
    """
    # The breaker's own settings are in a table that may not be there yet.
    with bypassing_breaker(), one_at_a_time(app):
        with db.engine.connect() as connection:
            fresh = not examine(connection)[0]
        upgrade_all()
        rooms = settle_tables(app, fresh)
        added = permissions.sync_catalogue()
        lines = [f"tables: {examine_migrations().facts.get('database', 'none')}", *rooms]
        lines.append(f"permissions: {len(added)} added")
        for room in rooms_of(app):
            try:
                if room.set_up is not None:
                    lines.append(room.set_up())
            except (PolicyError, StoreUnavailable, ValidationFailed) as error:
                # Stored rows stay, and the server starts without the defaults of this room.
                log.error("what %s need by default is not stored: %s", room.name, error)
                lines.append(f"{room.name}: not stored: {error}")
    return lines
