"""Permissions in an application of somebody else's: on its database, over its people."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import Flask
from sqlalchemy.engine import Engine
from sqlalchemy.orm import scoped_session
from werkzeug.exceptions import Unauthorized

from yoto.cache import HybridPermissionCache
from yoto.cli.tables import yoto as commands
from yoto.errors import ConfigurationError
from yoto.events import Events
from yoto.optimization import AdvancedOptimization
from yoto.permission import PermissionSystem
from yoto.store.db import forget_connections, init_store
from yoto.store.declarations import Declaration, declarations_of, declare
from yoto.store.people import USERS, people
from yoto.wiring import invalidation_log


def init_permissions(app: Flask, db: Any, users: Any) -> None:
    """Say where database and people of ``app`` are; nothing connects.

    Args:
        db: the application's Flask-SQLAlchemy object, or its scoped session.
        users: its people: a mapped class, or what ``people`` says of one.

    Raises:
        ConfigurationError: one of both is not what it should be.
    """
    session, engine = _database(db)
    init_store(app, session, engine)
    declare(app, users=_people(users))
    app.cli.add_command(commands)


def wire_permissions(app: Flask, caller: Callable[[], Any]) -> None:
    """Make the parts of this process."""
    forget_connections(app, close=False)
    AdvancedOptimization().init_app(app, instance_id=Events.of(app).instance_id)
    optimization = AdvancedOptimization.of(app)
    cache = HybridPermissionCache()
    cache.init_app(app)
    optimization.invalidation.connect(invalidation_log(cache.of(app)))
    PermissionSystem().init_app(
        app,
        subject_loader=_subject(app, caller),
        cache=cache.of(app),
        locks=optimization.locks,
        invalidation=optimization.invalidation,
    )


def start_permissions(app: Flask) -> None:
    """Begin the work in the background that the first check would begin."""
    with app.app_context():
        PermissionSystem.start(app)
    AdvancedOptimization.of(app).start()


def close_permissions(app: Flask) -> None:
    """End threads and connections of permissions; a later use opens them."""
    AdvancedOptimization.of(app).locks.expect_end()
    AdvancedOptimization.of(app).stop()
    PermissionSystem.close(app)
    AdvancedOptimization.of(app).locks.close()
    forget_connections(app, close=True)


def _database(db: Any) -> tuple[scoped_session[Any], Callable[[], Engine]]:
    if isinstance(db, scoped_session):
        bind = db.get_bind()
        if not isinstance(bind, Engine):
            raise ConfigurationError("db", f"the session is bound to {bind!r}, which is no engine")
        return db, lambda: bind
    session = getattr(db, "session", None)
    if not isinstance(session, scoped_session):
        raise ConfigurationError("db", "neither a Flask-SQLAlchemy object nor a scoped session")
    return session, lambda: db.engine


def _people(users: Any) -> Declaration:
    if users is None:
        raise ConfigurationError("users", "say which mapped class has the people")
    return users if isinstance(users, Declaration) else people(users)


def _subject(app: Flask, caller: Callable[[], Any]) -> Callable[[], Any]:
    """The caller by the type that ids have; Flask-Login's, for one, are texts."""
    ids = declarations_of(app).tables[USERS].ids
    kind = int if ids is None else ids.type.python_type

    def subject() -> Any:
        found = caller()
        if found is None:
            raise Unauthorized()
        if kind is int and isinstance(found, str) and found.isdecimal():
            return int(found)
        return found

    return subject
