"""Whether the application is set up: its migrations, and what comes with its code."""

from __future__ import annotations

from flask import current_app
from sqlalchemy.exc import SQLAlchemyError

from app.extensions import permissions
from app.migrations import examine
from yoto.errors import StoreUnavailable
from yoto.health import TIMEOUT_SECONDS, Check, Finding, State, lacking
from yoto.store.db import engine_beside

RUN_SETUP = ": run 'flask setup'"


def examine_migrations() -> Finding:
    """The database must be at the newest migration that this code knows, and no other; and what
    comes with the code must be in it: without its permissions and policies nobody may do anything.
    """
    try:
        app = current_app._get_current_object()  # type: ignore[attr-defined]
        with engine_beside(app).connect() as connection:
            found, expected, known = examine(connection)
            missing = lacking(connection) if found == expected else ""
    except (SQLAlchemyError, StoreUnavailable):
        return Finding(State.UNKNOWN, "the database did not answer")
    facts = {"database": _shown(found), "code": _shown(expected)}
    if found != expected:
        detail = f"the database is at {_shown(found)}, the code at {_shown(expected)}"
        # What a later release made, this one can only leave alone.
        return Finding(State.FAILED, detail + (RUN_SETUP if found <= known else ""), facts)
    if missing:
        return Finding(State.FAILED, missing + RUN_SETUP, facts)
    return Finding(State.OK, "at head", facts)


def _shown(heads: frozenset[str]) -> str:
    return ", ".join(sorted(heads)) or "none"


CHECKS = (
    Check(
        "migrations", examine_migrations, TIMEOUT_SECONDS, bridged=permissions.answers_from_cache
    ),
)
