"""Counts that hold a limit while another transaction may be adding rows."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Select

from yoto.store.db import db


def counted_now(statement: Select[Any]) -> Any:
    """The one row of an aggregate, with what was committed while this request waited for a lock.

    MariaDB reads the present for a locking read alone. PostgreSQL does so in every statement of a
    transaction that writes, and locks no aggregates.
    """
    if db.engine.dialect.name != "postgresql":
        statement = statement.with_for_update(read=True)
    return db.session.execute(statement).one()
