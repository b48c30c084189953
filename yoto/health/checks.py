"""Checks of the components that the platform depends on."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

from flask import current_app
from sqlalchemy import Connection, inspect, select, text
from sqlalchemy.exc import SQLAlchemyError

from yoto.errors import StoreUnavailable
from yoto.extensions import permissions
from yoto.health.probe import Check, Finding, State
from yoto.redis import get_redis_info
from yoto.room import rooms_of
from yoto.store.db import engine_beside, setup_command
from yoto.store.declarations import declarations_of
from yoto.store.migrations import found_in, known_to_code
from yoto.store.models import Permission, Role
from yoto.store.servers import server_name

TIMEOUT_SECONDS = 2.0  # a load balancer's own time-out is seldom longer
MIB = 1024 * 1024
# The database's migrations, the newest ones of the code, and all that the code knows.
SetupState: TypeAlias = tuple[frozenset[str], frozenset[str], frozenset[str]]


def examine_database() -> Finding:
    """Send one statement to the database."""
    with _connection() as connection:
        connection.execute(text("SELECT 1"))
        return Finding(State.OK, "answers", {"engine": server_name(connection.dialect)})


def examine_redis() -> Finding:
    """Ask every server of Redis, and write to those that have slots."""
    info = get_redis_info()
    answering = [node for node in info.nodes if node.available]
    asked = [node for node in info.nodes if node.writes is not None]
    failing = [node for node in asked if not node.writes]
    codes = ", ".join(sorted({node.refuses for node in failing if node.refuses}))
    errors = [info.error, *(node.error for node in info.nodes)]
    facts = {
        "topology": info.topology or "",
        "servers": f"{len(answering)} / {len(info.nodes)}",
        "error": "; ".join(error for error in errors if error),
    }
    primaries = [node for node in answering if node.role == "primary"]
    if not info.available or not primaries:
        return Finding(State.FAILED, f"refuses: {codes}" if codes else "no answer", facts, info)
    first = primaries[0]
    facts["version"] = f"{first.software} {first.version}"
    facts["latency"] = f"{max(node.latency_ms or 0.0 for node in primaries):.2f} ms"
    facts["memory"] = f"{sum(node.used_memory or 0 for node in primaries) / MIB:.1f} MiB"
    if failing:
        which = "" if len(asked) == 1 else f"{len(failing)} of {len(asked)} primaries: "
        detail = f"{which}refuses writes: {codes}" if codes else f"{which}no answer"
        return Finding(State.DEGRADED, detail, facts, info)
    detail = "answers"
    if len(answering) < len(info.nodes):
        detail = f"{len(answering)} of {len(info.nodes)} servers answer"
    return Finding(State.OK, detail, facts, info)


def examine_setup(read_setup: Callable[[Connection], SetupState]) -> Finding:
    """Check that the database has the code's newest migration, and the permissions and policies of
    the code, without which everything is denied.

    If the next release has already migrated the tables further, this one stays ready until it is
    replaced. Otherwise a load balancer would drop all workers at once, before there is a new one.
    """
    try:
        with _connection() as connection:
            found, newest, known = read_setup(connection)
            is_ahead = _is_ahead(found, newest, known)
            missing = _lacking(connection) if is_ahead or found == newest else ""
    except (SQLAlchemyError, StoreUnavailable):
        return Finding(State.UNKNOWN, "the database did not answer")
    run = f": run '{setup_command()}'"
    facts = {"database": _shown(found), "code": _shown(newest)}
    detail = f"the database is at {facts['database']}, the code at {facts['code']}"
    if missing:
        return Finding(State.FAILED, missing + run, facts)
    if is_ahead:
        return Finding(State.DEGRADED, f"{detail}: replace this process", facts)
    if found != newest:
        # Unknown migrations are another release's, so there is no command to run.
        return Finding(State.FAILED, detail + (run if found <= known else ""), facts)
    return Finding(State.OK, "at head", facts)


def migrations_check(examine: Callable[[], Finding]) -> Check:
    """The check of migrations by ``examine``; see ``examine_setup``."""
    answers = permissions.answers_from_cache
    return Check("migrations", examine, TIMEOUT_SECONDS, bridged=answers)


def _read_setup(connection: Connection) -> SetupState:
    newest, known = known_to_code()
    return found_in(connection), newest, known


def _is_ahead(found: frozenset[str], newest: frozenset[str], known: frozenset[str]) -> bool:
    """Whether a later release migrated: unknown migrations come after the code's newest."""
    unknown = found - known
    return (
        bool(unknown)
        and found & known <= newest
        and all(any(_is_later(one, head) for head in newest) for one in unknown)
    )


def _is_later(one: str, other: str) -> bool:
    """Whether one migration of the same tables is later, by their equally long numbers."""
    tables, _, number = one.rpartition(" ")
    those, _, than = other.rpartition(" ")
    return tables == those and number > than


def _shown(heads: frozenset[str]) -> str:
    return ", ".join(sorted(heads)) or "none"


def _lacking(connection: Connection) -> str:
    """The parts of the set-up that are missing in the tables."""
    stored = set(connection.scalars(select(Permission.name)))
    missing = [spec.name for spec in permissions.catalogue() if spec.name not in stored]
    if missing:
        return f"{len(missing)} permissions of the code are missing, such as {missing[0]}"
    named = set(connection.scalars(select(Role.name).where(Role.declared.is_not(None))))
    unknown = [name for name in declarations_of(current_app).named_roles if name not in named]
    if unknown:
        return f"{len(unknown)} roles of the code are missing, such as {unknown[0]}"
    there = set(inspect(connection).get_table_names())
    for room in rooms_of(current_app):
        if any(one.__tablename__ not in there for one in room.models()):
            return f"tables of the room '{room.name}' are missing"
        if lacking := room.lacks(connection):
            return lacking
    return ""


def _connection() -> Connection:
    """A connection apart from the request's, since a page for operators may be using that one."""
    app = current_app._get_current_object()  # type: ignore[attr-defined]
    return engine_beside(app).connect()


CHECKS = (
    # Verdicts in memory and Redis are given without the database while the log is followed.
    Check("database", examine_database, TIMEOUT_SECONDS, bridged=permissions.answers_from_cache),
    # Each use of Redis has a fall-back, and its failure must not take a whole fleet out of service.
    Check("redis", examine_redis, TIMEOUT_SECONDS, needed=False),
)
# The check in an embedding application, whose own migrations are not examined.
MIGRATIONS = migrations_check(lambda: examine_setup(_read_setup))
