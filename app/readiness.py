"""Whether the application is set up: its migrations, and what comes with its code."""

from __future__ import annotations

from flask import current_app
from sqlalchemy import Connection, select
from sqlalchemy.exc import SQLAlchemyError

from app.extensions import permissions
from app.migrations import examine
from yoto.errors import StoreUnavailable
from yoto.health import TIMEOUT_SECONDS, Check, Finding, State
from yoto.store.db import engine_beside
from yoto.store.models import Permission, PolicyRevision

RUN_SETUP = ": run 'flask setup'"


def examine_migrations() -> Finding:
    """The database must be at the newest migration that this code knows, and no other; and what
    comes with the code must be in it: without its permissions and policies nobody may do anything.
    """
    try:
        app = current_app._get_current_object()  # type: ignore[attr-defined]
        with engine_beside(app).connect() as connection:
            found, expected, known = examine(connection)
            lacking = _lacking(connection) if found == expected else ""
    except (SQLAlchemyError, StoreUnavailable):
        return Finding(State.UNKNOWN, "the database did not answer")
    facts = {"database": _shown(found), "code": _shown(expected)}
    if found != expected:
        detail = f"the database is at {_shown(found)}, the code at {_shown(expected)}"
        # What a later release made, this one can only leave alone.
        return Finding(State.FAILED, detail + (RUN_SETUP if found <= known else ""), facts)
    if lacking:
        return Finding(State.FAILED, lacking + RUN_SETUP, facts)
    return Finding(State.OK, "at head", facts)


def _lacking(connection: Connection) -> str:
    """Which of what ``flask setup`` stores in the tables is not there; empty: nothing."""
    stored = set(connection.scalars(select(Permission.name)))
    missing = [spec.name for spec in permissions.catalogue() if spec.name not in stored]
    if missing:
        return f"{len(missing)} permissions of the code are missing, such as {missing[0]}"
    if connection.scalar(select(PolicyRevision.revision).limit(1)) is None:
        return "no policies were ever stored"
    return ""


def _shown(heads: frozenset[str]) -> str:
    return ", ".join(sorted(heads)) or "none"


CHECKS = (
    Check(
        "migrations", examine_migrations, TIMEOUT_SECONDS, bridged=permissions.answers_from_cache
    ),
)
