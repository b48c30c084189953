"""What happens before the first request: tables, built-in permissions, policies, demo data."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager

from flask import Flask
from flask_migrate import upgrade
from sqlalchemy import func, select
from sqlalchemy.exc import InterfaceError, OperationalError

from app.cli.seed.demo import seed_demo, show_accounts
from app.core.errors import PolicyError, StoreUnavailable, ValidationFailed
from app.core.redis import check_address
from app.db import db, writing
from app.extensions import permissions, policy, redis_store
from app.models import User

log = logging.getLogger(__name__)


def prepare(app: Flask) -> None:
    """Bring the database up to date, as far as the configuration says so.

    The passwords of the demo accounts are printed here, at the first start, and nowhere else:
    the database has only their hashes.

    Raises:
        StoreUnavailable: the database does not answer.
        ConfigurationError: the address of Redis leads to something else than it says.
    """
    check_address(redis_store.of(app))
    with app.app_context(), writing(), _answering_database():
        if not app.config["AUTO_MIGRATE"]:
            return
        upgrade()
        permissions.sync_catalogue()
        _store_default_policies()
        empty = db.session.scalar(select(func.count()).select_from(User)) == 0
        db.session.rollback()
        if app.config["SEED_DEMO"] and empty:
            show_accounts(seed_demo())
        db.session.remove()


@contextmanager
def _answering_database() -> Iterator[None]:
    try:
        yield
    except (OperationalError, InterfaceError) as error:
        raise StoreUnavailable("database", error.orig) from error


def _store_default_policies() -> None:
    """What cannot be stored now leaves the policies that there are, and the server starts."""
    try:
        policy.sync_defaults()
    except (PolicyError, StoreUnavailable, ValidationFailed) as error:
        log.error("the default policies are not stored: %s", error)
