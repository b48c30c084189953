"""Changes of accounts and of operators: someone can always administer the platform."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from app.extensions import permissions
from yoto.store.db import db, writing


@contextmanager
def keeping_an_administrator(field: str = "user_id") -> Iterator[None]:
    """Commit the change inside, unless it leaves no one who can administer the platform.

    Args:
        field: the field that a refusal names.

    Raises:
        LastAdministrator: an account that can sign in has ``platform.admin``, and none would
            afterwards; or one has it permanently, and only temporary ones would remain.
    """
    db.session.rollback()  # reads so far are older than the lock
    with writing():
        try:
            with permissions.keeping_an_administrator(field):
                yield
            db.session.commit()
        except BaseException:
            db.session.rollback()
            raise
