"""What happens before the first request: tables, built-in permissions, demo data."""

from __future__ import annotations

from flask import Flask
from flask_migrate import upgrade
from sqlalchemy import func, select

from app.cli.seed.demo import seed_demo, show_accounts
from app.db import db, writing
from app.extensions import permissions
from app.models import User


def prepare(app: Flask) -> None:
    """Bring the database up to date, as far as the configuration says so.

    The passwords of the demo accounts are printed here, at the first start, and nowhere else:
    the database has only their hashes.
    """
    with app.app_context(), writing():
        if not app.config["AUTO_MIGRATE"]:
            return
        upgrade()
        permissions.sync_catalogue()
        empty = db.session.scalar(select(func.count()).select_from(User)) == 0
        db.session.rollback()
        if app.config["SEED_DEMO"] and empty:
            show_accounts(seed_demo())
        db.session.remove()
