"""The application's database: its session and its engines.

The platform opens no database of its own: it works on the session and the engine that the
application has, so that writes through both are committed as one.
"""

from __future__ import annotations

import threading
import warnings
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from flask import Flask, appcontext_pushed, has_app_context
from flask.globals import app_ctx
from sqlalchemy import URL, MetaData, QueuePool, create_engine, event
from sqlalchemy.engine import Engine
from sqlalchemy.exc import SAWarning
from sqlalchemy.orm import Session, scoped_session, sessionmaker
from sqlalchemy.util import ScopedRegistry

from yoto.room import of_rooms
from yoto.store import postgresql, sqlite
from yoto.store.commits import end_left_open, watch_commits
from yoto.store.failures import DELETED_BY_ANOTHER
from yoto.store.pools import WatchedPool
from yoto.store.servers import POSTGRESQL, refuse_old
from yoto.store.time_limits import connect_arguments, limit_times, open_quickly
from yoto.store.turns import take_turns


@dataclass(slots=True)
class Store:
    """The database of one application.

    Attributes:
        session: the session of the current context.
        engine: the engine of that session; asked for inside a context of the application.
        options: the options of a second engine on the same database; None: it connects as the
            first does.
        contexts: how many contexts of the application the caller is in, and whether its session
            existed before them: a thread's own session ends with the first of them, or not at all.
        hooks: called with every engine on it.
        tables: the application's own, where it has its database for the platform.
        setup: the command that makes the tables.
        beside: see ``engine_beside``.
        begun: gives the session of the current context of Flask, None if none was asked for; itself
            None where the registry of sessions cannot be looked into.
    """

    session: scoped_session[Any]
    engine: Callable[[], Engine]
    options: Mapping[str, Any] | None
    contexts: ContextVar[tuple[int, bool]]
    setup: str
    hooks: list[Callable[[Engine], None]] = field(default_factory=list)
    tables: MetaData | None = None
    beside: Engine | None = None
    begun: Callable[[Any], Session | None] | None = None


class Database:
    """The database of the current application."""

    @property
    def session(self) -> scoped_session[Any]:
        """Its session, that of the context; every check of a permission looks for it.

        Raises:
            RuntimeError: outside an app context, or the application has no database.
        """
        return _current().session

    @property
    def engine(self) -> Engine:
        """The engine of its session. Raises as ``session``."""
        return _current().engine()


db = Database()
_context = app_ctx._get_current_object  # type: ignore[attr-defined]


def setup_command(app: Flask | None = None) -> str:
    """The terminal command that makes an application's tables, by default the current one's."""
    if app is None and has_app_context():
        app = _context().app
    store: Store | None = None if app is None else app.extensions.get(EXTENSION)
    return SETUP if store is None else store.setup


def begun_session() -> Session | None:
    """The session of the current context, if it has been used; quicker than to look for it.

    Raises: as ``Database.session``.
    """
    context = _context()
    store: Store | None = context.app.extensions.get(EXTENSION)
    if store is None:
        return None
    if store.begun is None:
        return store.session() if store.session.registry.has() else None
    return store.begun(context)


def _current() -> Store:
    try:
        found: Store = _context().app.extensions[EXTENSION]
    except KeyError:
        raise RuntimeError("this application has no database: give Yoto its 'db'") from None
    return found


_making_beside = threading.Lock()

EXTENSION = "yoto.store"
# The application's own, and the platform's in another application's.
SETUP, SETUP_EMBEDDED = "flask setup", "flask yoto setup"
# Connections that a process opens beyond those it keeps for its requests, while all are in use.
POOL_MORE = 10
FOLDER_MODE = 0o700
# s that a request waits for one; its caller is then asked to retry.
POOL_WAIT = 2.0
# Connections for reads and records beside the transaction of a request. They are separate from the
# requests': callers that each hold one of those would wait for each other.
BESIDE_SIZE = 2
BESIDE_MORE = 8


@contextmanager
def writing(will_write: bool = True) -> Iterator[None]:
    """Transactions that begin inside write: on SQLite they take the write lock at once.

    With False they only read, also inside a block that writes: a second connection that wanted
    the lock of the first would wait for itself.
    """
    token = sqlite.will_write.set(will_write)
    try:
        yield
    finally:
        sqlite.will_write.reset(token)


@contextmanager
def first_read() -> Iterator[None]:
    """A block for a request's reads before its work, in a transaction of its own.

    It then holds no connection while it waits for others, and its work sees what is committed when
    it begins: a client that sends the rest of a request slowly is not checked by outdated rights.
    """
    session = db.session()
    begun_before = session.in_transaction()
    yield
    if not begun_before:
        session.commit()


def set_writing(will_write: bool | None) -> None:
    """Say whether the transactions of the request that begins now write; None: it has ended."""
    sqlite.will_write.set(will_write)


def is_writing() -> bool:
    """Whether a transaction that begins now is announced as one that writes."""
    return bool(sqlite.will_write.get())


def one_writer() -> bool:
    """Whether who writes excludes all other writers until it commits, as on SQLite."""
    return db.engine.dialect.name == "sqlite"


def init_store(
    app: Flask,
    session: scoped_session[Any],
    engine: Callable[[], Engine],
    *,
    options: Mapping[str, Any] | None = None,
    own: bool = False,
    tables: MetaData | None = None,
) -> None:
    """Set up the platform on the application's database. Nothing is opened before a statement.

    Args:
        session: the scoped session that the application itself works with.
        engine: gives the engine of that session, inside a context of the application.
        options: arguments of ``sqlalchemy.create_engine`` for the platform's further engines;
            None: they connect as the application's does.
        own: set up the application's engine as those: for an application that has its database
            for the platform. Otherwise only SQLite's writers are announced, since the grant rules
            hold among writers alone.
        tables: the application's, which move with the platform's.
    """
    # Another writer deleted the row first; the second must not report success.
    warnings.filterwarnings("error", DELETED_BY_ANOTHER, SAWarning)
    of_rooms(app, lambda room: room.models)  # their classes add themselves to the metadata
    contexts = ContextVar("yoto_contexts", default=(0, False))
    setup = SETUP if own else SETUP_EMBEDDED
    store = Store(
        session, engine, options, contexts, setup, begun=_look_into(session), tables=tables
    )
    app.extensions[EXTENSION] = store
    take_turns(session)
    if store.begun is None:

        def count(_: Flask, **__: Any) -> None:
            depth, kept = contexts.get()
            contexts.set((depth + 1, kept if depth else session.registry.has()))

        appcontext_pushed.connect(count, app, weak=False)
    app.teardown_appcontext(_end_session)
    store.hooks.append(_configure)
    with app.app_context():
        (_configure if own else _mark_writers)(engine())


def init_store_beside(guest: Flask, app: Flask, size: int) -> None:
    """Let ``guest`` work on the database of ``app`` by sessions and connections of its own, made
    and set up as those that the platform has beside the requests of ``app``.

    Args:
        size: connections that are kept.
    """
    with app.app_context():
        url = app.extensions[EXTENSION].engine().url
    engine = side_engine(app, size, _pool_wait(url), POOL_MORE)
    session = scoped_session(sessionmaker(engine, expire_on_commit=False), scopefunc=_context)
    store: Store = app.extensions[EXTENSION]
    contexts = ContextVar("yoto_contexts_beside", default=(0, False))
    guest.extensions[EXTENSION] = Store(
        session,
        lambda: engine,
        store.options,
        contexts,
        store.setup,
        hooks=list(store.hooks),
        begun=_look_into(session),
    )
    take_turns(session)
    guest.teardown_appcontext(_end_session)


def _look_into(session: scoped_session[Any]) -> Callable[[Any], Session | None] | None:
    registry = session.registry
    if type(registry) is not ScopedRegistry:
        return None
    sessions, scope = registry.registry, registry.scopefunc
    # Chosen once, so that each check makes no more calls than it must.
    return sessions.get if scope is _context else lambda context: sessions.get(scope())


def engine_options(url: URL, pool_size: int) -> dict[str, Any]:
    """The options of an engine of the platform's own; it makes the folder of a SQLite file."""
    # The values of a statement are people's hashes, tokens and words: no error repeats them.
    options: dict[str, Any] = {"hide_parameters": True}
    if url.get_backend_name() == "sqlite":
        if url.database:
            Path(url.database).parent.mkdir(mode=FOLDER_MODE, parents=True, exist_ok=True)
        options["connect_args"] = {"timeout": sqlite.BUSY_SECONDS}
    else:
        options |= {"pool_pre_ping": True, "pool_recycle": 1800}
        own = url.get_backend_name() == POSTGRESQL
        options["connect_args"] = (postgresql.connect_arguments if own else connect_arguments)()
    if url.get_backend_name() != "sqlite" or url.database:
        # A database in memory has one connection, and a pool of its own kind.
        options |= {"poolclass": WatchedPool, "pool_size": pool_size}
        options["pool_timeout"] = _pool_wait(url)
    return options


def engine_at(url: URL) -> Engine:
    """An engine of one connection to another database, set up as the platform's own."""
    engine = create_engine(url, **engine_options(url, 1))
    _configure(engine)
    return engine


def _end_session(_: BaseException | None) -> None:
    """End the session of a request; one whose connection died gives all back that it has."""
    store = _current()
    session = store.session
    if store.begun is None:
        depth, kept = store.contexts.get()
        store.contexts.set((depth - 1, kept) if depth > 1 else (0, False))
        if depth > 1 or kept:
            return
    begun = session().get_transaction() if session.registry.has() else None
    try:
        session.remove()
    except Exception:
        # It stopped at the connection, which it had still to give back, as well as its turn.
        if begun is not None:
            begun.close(invalidate=True)
        session.registry.clear()
        raise


def on_engine(app: Flask, hook: Callable[[Engine], None]) -> None:
    """Show ``hook`` every engine on the application's database, the one of ``db`` at once."""
    store: Store = app.extensions[EXTENSION]
    store.hooks.append(hook)
    with app.app_context():
        hook(store.engine())


def _pool_wait(url: URL) -> float:
    """Seconds to wait for a connection. On SQLite those who have one wait for the one writer, and
    who has none waits as long.
    """
    return sqlite.BUSY_SECONDS if url.get_backend_name() == "sqlite" else POOL_WAIT


def close_db(app: Flask) -> None:
    """Close the connections of ``app``; a later use opens new ones."""
    store: Store = app.extensions[EXTENSION]
    if store.beside is not None:
        store.beside.dispose()
    with app.app_context():
        store.engine().dispose()


def engine_beside(app: Flask) -> Engine:
    """The engine for work that must not take a connection of the requests.

    A request may wait for that work.

    Raises, as that of the requests, ``sqlalchemy.exc.TimeoutError`` where all of its connections
    stay in use.
    """
    store: Store = app.extensions[EXTENSION]
    if store.beside is not None:
        return store.beside
    with _making_beside:
        if store.beside is None:
            with app.app_context():
                found = store.engine()
            # A database in memory has one connection.
            if found.url.get_backend_name() != "sqlite" or found.url.database:
                found = side_engine(app, BESIDE_SIZE, _pool_wait(found.url), BESIDE_MORE)
            store.beside = found
    return store.beside


def forget_connections(app: Flask, close: bool) -> None:
    """Have no connections of the platform's own any more; a later use opens new ones.

    Args:
        close: whether they end; a process that was forked off leaves them to its parent.
    """
    store: Store = app.extensions[EXTENSION]
    with app.app_context():
        if store.beside is not None and store.beside is not store.engine():
            store.beside.dispose(close=close)
    store.beside = None


def side_engine(app: Flask, size: int, wait: float, more: int = 0) -> Engine:
    """A second engine on the application's database with a small pool of its own.

    Args:
        size: connections that are kept, and ``more`` that are closed after use.
        wait: seconds to wait for a free one; then ``sqlalchemy.exc.TimeoutError``.
    """
    store: Store = app.extensions[EXTENSION]
    with app.app_context():
        first = store.engine()
    options = store.options
    if options is None:
        # As the application connects: with the certificates and other arguments of its engine.
        connect: Any = first.pool._invoke_creator
        options = {"creator": partial(connect, None), "hide_parameters": True}
    limits = {"pool_size": size, "max_overflow": more, "pool_timeout": wait}
    # The one that was used last is used next, so that those that a rush needed grow old.
    engine = create_engine(
        first.url, **dict(options) | limits | {"poolclass": QueuePool, "pool_use_lifo": True}
    )
    for hook in store.hooks:
        hook(engine)
    return engine


def _configure(engine: Engine) -> None:
    end_left_open(engine)
    if engine.url.get_backend_name() == "sqlite":
        event.listen(engine, "do_connect", partial(sqlite.keep_private, engine.url.database))
        event.listen(engine, "connect", sqlite.configure)
        event.listen(engine, "begin", sqlite.begin)
        sqlite.limit_times(engine)
        return
    if engine.dialect.name == POSTGRESQL:
        postgresql.limit_transactions(engine)
    else:
        open_quickly(engine)
        limit_times(engine)
    # Before SQLAlchemy asks it anything.
    event.listen(engine, "connect", refuse_old, insert=True)
    watch_commits(engine)


def _mark_writers(engine: Engine) -> None:
    """The only change to an engine that belongs to the application."""
    if engine.url.get_backend_name() == "sqlite":
        event.listen(engine, "begin", sqlite.begin_as_marked)
    elif engine.dialect.driver == "psycopg":
        postgresql.wait_with_others()
