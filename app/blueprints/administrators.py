"""Changes of accounts and of operators: somebody can always administer the platform."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from app.extensions import permissions
from yoto.store.db import db, writing


@contextmanager
def keeping_an_administrator(field: str = "user_id") -> Iterator[None]:
    """Commit the change inside, unless nobody could administer the platform after it.

    Args:
        field: what the refusal is about.

    Raises:
        LastAdministrator: there was somebody who can sign in and has ``platform.admin``, and would
            be nobody any more; or there was somebody for good, and would be nobody but for a while.
    """
    db.session.rollback()  # what was read so far is older than the lock
    with writing():
        try:
            with permissions.keeping_an_administrator(field):
                yield
            db.session.commit()
        except BaseException:
            db.session.rollback()
            raise
