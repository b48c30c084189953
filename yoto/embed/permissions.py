"""Permissions in an embedding application: on its database, over its people."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import partial
from typing import Any, Protocol

from flask import Flask, current_app
from sqlalchemy import inspect
from sqlalchemy.engine import Engine
from sqlalchemy.exc import UnboundExecutionError
from sqlalchemy.orm import scoped_session
from sqlalchemy.orm.exc import UnmappedColumnError
from werkzeug.exceptions import Forbidden, Unauthorized

from yoto.cache import HybridPermissionCache
from yoto.cli import Commands, groups_of_rooms
from yoto.cli.tables import yoto as commands
from yoto.component import Component
from yoto.errors import ConfigurationError
from yoto.events import Events
from yoto.optimization import AdvancedOptimization
from yoto.permission import (
    PermissionSystem,
    check_permissions,
    checked_roles,
    init_page_globals,
)
from yoto.store.asked import Asked
from yoto.store.db import forget_connections, init_store
from yoto.store.declarations import Declaration, declarations_of, declare
from yoto.store.models import ScopeType
from yoto.store.people import USERS, people
from yoto.store.resources import declare_resource
from yoto.store.servers import refuse_unsupported
from yoto.store.sqlite import refuse_memory
from yoto.sweeping import sweeper_for_guest, sweeper_of

from .callers import ask_to_sign_in, login_user


class PermissionHost(Protocol):
    """The application's functions that identify the caller of a request."""

    @property
    def caller(self) -> Callable[[], Any]:
        """Returns the id of the caller of the current request, or None."""

    @property
    def authenticated_at(self) -> Callable[[], Any] | None:
        """Returns the time of that person's sign-in; None: it is never known."""


def init_permissions(
    app: Flask,
    db: Any,
    users: Any,
    resources: Iterable[tuple[str, Any, Mapping[str, Any]]] = (),
    roles: Any = None,
) -> None:
    """Declare the database, people and resources of ``app``; nothing connects.

    Args:
        db: the application's Flask-SQLAlchemy object, or its scoped session.
        users: its people: a mapped class, or the result of ``people`` or ``people_by``.
        resources: types: name, mapped class and arguments of ``declare_resource``.
        roles: permissions by the name of the role that allows them; or ``roles_by``, which provides
            roles beside the assigned ones; or a list of both; None: neither.

    Raises:
        ConfigurationError: one of these has a wrong type or form.
    """
    session, engine = _database(db)
    with app.app_context():
        url = engine().url
    refuse_unsupported(url, "db")
    refuse_memory(url)
    named, provided = _roles(roles)
    init_store(app, session, engine)
    declare(app, roles=provided, named_roles=named, users=_people(users))
    for name, model, said in resources:
        declare_resource(app, name, model, **said)
    of_rooms = partial(groups_of_rooms, app)
    own = dict(commands.commands)
    app.cli.add_command(Commands("yoto", help=commands.help, commands=own, load=of_rooms))
    init_page_globals(app)


def declare_permissions(app: Flask, permissions: Iterable[str | Mapping[str, Any]]) -> None:
    """Declare the permissions that the code of ``app`` checks; ``flask yoto setup`` stores them.

    Raises:
        ValidationFailed: an entry is malformed.
        ConfigurationError: a declared role allows an undeclared permission.
    """
    # A permission without a resource type applies to the whole platform.
    named = [{"name": one} if isinstance(one, str) else one for one in permissions]
    with app.app_context():
        PermissionSystem().declare(*({"scope": ScopeType.GLOBAL, **one} for one in named))
        known = {one.name for one in PermissionSystem().catalogue()}
    check_permissions(declarations_of(app).named_roles, known)


def _init_optimization(app: Flask, host: PermissionHost) -> None:
    AdvancedOptimization().init_app(app, instance_id=Events.of(app).instance_id)


def _init_permissions(app: Flask, host: PermissionHost) -> None:
    optimization = AdvancedOptimization.of(app)
    HybridPermissionCache().init_app(app)
    cache = HybridPermissionCache.of(app)
    PermissionSystem().init_app(
        app,
        subject_loader=subject_of(app, host.caller),
        visitor=visitor_of(app, host.caller),
        authenticated_at=host.authenticated_at,
        cache=cache,
        locks=optimization.locks,
        on_start=sweeper_for_guest(app).start,
    )


def _start_permissions(app: Flask) -> None:
    with app.app_context():
        PermissionSystem.start(app)


# Parts beside guards, in an application without a control plane.
PERMISSIONS: tuple[Component[PermissionHost], ...] = (
    Component(
        "connections",
        init=lambda app, host: forget_connections(app, close=False),
        close=lambda app: forget_connections(app, close=True),
    ),
    Component(
        "locks",
        init=_init_optimization,
        close=lambda app: AdvancedOptimization.of(app).locks.close(),
    ),
    Component(
        "permissions",
        init=_init_permissions,
        start=_start_permissions,
        close=PermissionSystem.close,
    ),
    Component("sweeper", close=lambda app: sweeper_of(app).close()),
)


def expect_end(app: Flask) -> None:
    """The threads of this process are about to end, and with them the locks that they hold."""
    AdvancedOptimization.of(app).locks.expect_end()


class Other(str):
    """A signed-in caller from another table than people.

    Guards count them apart from the person with the same number, and they have no permissions.
    """


def login_person() -> int | str | None:
    """The id of Flask-Login's user by the column that ``people`` names; None as ``login_user``.

    Its session may know them by another text: that of Flask-Security changes whenever a user is to
    be signed out everywhere.
    """
    found = login_user()
    if found is None:
        return None
    from flask_login import current_user

    user = inspect(current_user._get_current_object(), raiseerr=False)
    if user is None:
        return found  # no row of any table, so there is only its own id
    declared = declarations_of(current_app).tables[USERS]
    if declared.asked is not None:
        return found  # the function gets the id in the session
    if declared.table not in user.mapper.tables:
        return Other(f"{user.mapper.local_table}:{found}")
    try:
        key = user.mapper.get_property_by_column(declared.ids).key
    except UnmappedColumnError:
        return found  # an expression, whose value the session must hold
    value = getattr(user.object, key)
    return value if isinstance(value, int) else str(value)


def _database(db: Any) -> tuple[scoped_session[Any], Callable[[], Engine]]:
    if isinstance(db, scoped_session):
        try:
            # From a new session, since the registry's may be older than a later ``configure``.
            bind = db.session_factory().get_bind()
        except UnboundExecutionError:
            raise ConfigurationError(
                "db", "the session is bound to no engine yet: bind it before Yoto is wired"
            ) from None
        if not isinstance(bind, Engine):
            raise ConfigurationError("db", f"the session is bound to {bind!r}, which is no engine")
        return db, lambda: bind
    session = getattr(db, "session", None)
    if not isinstance(session, scoped_session):
        raise ConfigurationError("db", "neither a Flask-SQLAlchemy object nor a scoped session")
    return session, lambda: db.engine


def _roles(given: Any) -> tuple[dict[str, tuple[str, ...]], Asked | None]:
    """The declared roles, and the functions that provide roles beside the assigned ones."""
    named: dict[str, tuple[str, ...]] = {}
    provided: Asked | None = None
    for one in given if isinstance(given, list | tuple) else () if given is None else (given,):
        if isinstance(one, Mapping):
            named |= checked_roles(one)
        elif not isinstance(one, Asked):
            raise ConfigurationError(
                "roles", f"a mapping from names to permissions, or roles_by(function), not {one!r}"
            )
        elif provided is not None:
            raise ConfigurationError("roles", "roles_by: one function provides roles, not two")
        else:
            provided = one
    return named, provided


def _people(users: Any) -> Declaration:
    if users is None:
        raise ConfigurationError("users", "say which mapped class has the people, or people_by")
    return users if isinstance(users, Declaration) else people(users)


def subject_of(app: Flask, caller: Callable[[], Any]) -> Callable[[], Any]:
    """A callable that returns the caller's id in the right type (Flask-Login's are texts). It
    raises ``Unauthorized`` for an anonymous caller.
    """
    asks = caller is login_person

    def subject() -> Any:
        found = caller()
        if found is None:
            if asks:
                ask_to_sign_in()
            raise Unauthorized()
        if isinstance(found, Other):
            raise Forbidden()
        return own_id(app, found)

    return subject


def visitor_of(app: Flask, caller: Callable[[], Any]) -> Callable[[], Any]:
    """Like ``subject_of``, but None instead of an error, so that no caller is sent to sign in."""

    def visitor() -> Any:
        found = caller()
        return None if found is None or isinstance(found, Other) else own_id(app, found)

    return visitor


def own_id(app: Flask, found: Any) -> Any:
    """The caller's id in the type of the ids of ``app``, since sessions hold texts."""
    ids = declarations_of(app).tables[USERS].ids
    kind = int if ids is None else ids.type.python_type
    return int(found) if kind is int and isinstance(found, str) and found.isdecimal() else found
