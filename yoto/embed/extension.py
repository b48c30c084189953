"""The extension that wires the others: ``Yoto(app)``."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import click
from flask import Flask, current_app

from yoto.cli import Commands
from yoto.component import Component, close_all, init_all, start_all
from yoto.errors import ConfigurationError
from yoto.extras import demand
from yoto.http.deadlines import init_deadlines
from yoto.http.problems import init_limit_headers, init_refusals
from yoto.parts.guards import GUARDS
from yoto.redis import RedisSettings
from yoto.resilience import Resilience, Settings
from yoto.room import CONTROL_PLANE
from yoto.room import GUARDS as GUARDS_ALONE
from yoto.room import PERMISSIONS, Room, components_of, keep_rooms, of_rooms
from yoto.settings import EXTENSION as SETTINGS

from . import processes
from .callers import login_user
from .settings import refuse_switched_off, rooms_for, settings_for

EXTENSION_KEY = "yoto"


@dataclass(frozen=True)
class Wiring:
    """The configuration from which one application's parts are made, also in a forked process.

    Attributes:
        permissions: the host of the permissions; None: the application has guards alone.
        enabled: whether its guards are on.
        share_workers: number of processes that share a limit without Redis; 0: unknown.
    """

    redis: RedisSettings
    caller: Callable[[], Any]
    authenticated_at: Callable[[], Any] | None
    guards: Mapping[str, Mapping[str, Settings]]
    permissions: tuple[str | Mapping[str, Any], ...] | None
    operators: Any = None
    enabled: bool = True
    share_workers: int = 0


class Yoto:
    """``Yoto(app)``, or ``yoto = Yoto()`` and ``yoto.init_app(app)``: guards in an application.

    The object keeps only its own arguments and no state of an application, so it can serve any
    number of them. The address of Redis is ``YOTO_REDIS_URL`` or ``REDIS_URL`` in the configuration
    of the application or the environment; without one a private server is started
    (``yoto[embedded]``).
    """

    def __init__(
        self,
        app: Flask | None = None,
        *,
        db: Any = None,
        users: Any = None,
        roles: Any = None,
        permissions: Iterable[str | Mapping[str, Any]] = (),
        caller: Callable[[], Any] = login_user,
        authenticated_at: Callable[[], Any] | None = None,
        guards: Mapping[str, Mapping[str, Settings]] | None = None,
        problems: bool = True,
        control_plane: bool | str = False,
        operators: Callable[[], str | None] | None = None,
        sign_in: str | None = None,
        rooms: str | Iterable[str] | None = None,
    ) -> None:
        """See ``init_app``; nothing connects and no thread starts.

        Args:
            app: the application; None: it is given to ``init_app``.
            db: the application's Flask-SQLAlchemy object, or its scoped session: with it there are
                permissions (``yoto[permissions]``), whose tables ``flask yoto setup`` makes.
            users: its people, with ``db``: a mapped class, ``people(User, name="email", ...)``
                where the platform needs more than their ids, or, where they are elsewhere,
                ``people_by(function, ids=str)``.
            roles: global roles by name, lowest first, each with the permissions that it allows,
                with ``db``: ``{"viewer": ["document.read"], ...}``; ``flask yoto setup`` stores
                them, and ``assign`` takes their names. Or ``roles_by(function)``: roles that people
                hold according to a function of the application, which count beside those that are
                assigned. Or a list of both.
            permissions: the permissions that its code checks, with ``db``: names, or mappings as in
                ``batch_register_permissions``; ``flask yoto setup`` stores them.
            caller: returns the id of the caller, or None for an anonymous one, who is counted by
                the address. By default Flask-Login's user, where there is Flask-Login; an anonymous
                caller is then sent to sign in as its ``login_required`` does.
            authenticated_at: returns when that person authenticated, with ``db``: epoch seconds, an
                aware ``datetime``, or None for unknown; ``within=`` of the decorators asks for it.
            guards: name to ``circuit_breaker``, ``rate_limit``, ``bulkhead``, ``degradation`` to
                the numbers in code, such as
                ``{"search": {"rate_limit": RateLimitConfig(limit=30, window=60)}}``.
            problems: whether rejections become problem documents (RFC 9457) with ``Retry-After``;
                else they are errors for the application's own handlers, and ``error.retry_after``
                has the seconds.
            control_plane: whether there is a control plane at ``/control`` (``yoto[control-plane,
                rego]``), which takes ``db`` and ``users``; a text is a prefix of that path, such as
                ``"/internal"``.
            operators: returns, for each request to it, the operator's rights: ``"view"``,
                ``"operate"`` or ``"admin"``, each with all before it; None for no operator. Without
                it operators are the accounts made by ``flask yoto operators``, with a sign-in page.
            sign_in: endpoint of the application's page that signs operators in, with ``operators``,
                and leads back to the address in its parameter ``next``; by default that of
                Flask-Login.
            rooms: names of optional features (docs/rooms.md), or ``"all"``; by default the decision
                log and policies where there is a control plane. ``YOTO_ROOMS`` in the
                configuration or the environment comes before it.
        """
        self._db = db
        self._users = users
        self._roles = roles
        self._permissions = tuple(permissions)
        self._caller = caller
        self._authenticated_at = authenticated_at
        self._guards = guards or {}
        self._problems = problems
        self._control_plane = control_plane
        self._operators = operators
        self._sign_in = sign_in
        self._rooms = rooms
        self._wired = False
        self._resources: list[tuple[str, Any, dict[str, Any]]] = []
        if app is not None:
            self.init_app(app)

    def resource(self, name: str, model: Any = None, **said: Any) -> None:
        """Declare a type of resources, in every application that is wired with this object.

        It comes before ``init_app``: ``yoto = Yoto(db=db, users=User)``, then the types, each
        after those that its nodes are below, then ``yoto.init_app(app)``.

        Args:
            model: a mapped class; None: nodes are registered by ``permissions.put_resource``.
            said: arguments of ``yoto.store.resources.declare_resource``: ``parent``, ``owner``,
                ``members``, ``gate``, ``shared`` and so on.

        Raises:
            RuntimeError: an application is wired already, and would lack the type.
        """
        if self._wired:
            raise RuntimeError("declare resources before Yoto is wired to an application")
        self._resources.append((name, model, said))

    def init_app(self, app: Flask) -> None:
        """Wire ``app``. The first use of a guard in a process connects and starts its work.

        Raises:
            ConfigurationError: a value is wrong, or an extra is missing; it names the key.
            ValidationFailed: an entry of ``permissions`` is malformed.
            RuntimeError: the application is wired already.
        """
        if EXTENSION_KEY in app.extensions:
            raise RuntimeError("Yoto is wired to this application already")
        caller, permissions = self._caller, None
        if self._db is not None:
            demand("sqlalchemy", "db")
            permissions = self._permissions
            if caller is login_user:
                caller = _permissions().login_person
        elif self._permissions:
            raise ConfigurationError("permissions", "say by 'db' which database has them")
        if self._resources and self._db is None:
            raise ConfigurationError("resource", "say by 'db' which database has them")
        if self._roles is not None and self._db is None:
            raise ConfigurationError("roles", "say by 'db' which database has them")
        plane = bool(self._control_plane)
        level = CONTROL_PLANE if plane else GUARDS_ALONE if self._db is None else PERMISSIONS
        rooms = rooms_for(app, self._rooms, level, own_operators=self._operators is None)
        settings = settings_for(app, rooms)
        refuse_switched_off(app, settings)
        self._wired = True
        operators = self._known_operators(caller, rooms) if plane else None
        wiring = Wiring(
            RedisSettings.from_config(settings, app.instance_path),
            caller,
            self._authenticated_at,
            self._guards,
            permissions,
            operators,
            settings["RESILIENCE_ENABLED"],
            settings["LOCAL_SHARE_WORKERS"],
        )
        app.extensions[EXTENSION_KEY] = wiring
        app.extensions[SETTINGS] = settings
        keep_rooms(app, rooms)
        if permissions is not None:
            _permissions().init_permissions(
                app, self._db, self._users, self._resources, self._roles
            )
        else:
            app.cli.add_command(Commands("yoto", help="Guards of routes.", load=_commands))
        _wire(app)
        if operators is not None:
            prefix = self._control_plane if isinstance(self._control_plane, str) else ""
            _plane().serve_plane(app, prefix.rstrip("/"), processes.notice)
            _plane().add_commands(app)
        for one in of_rooms(app, lambda room: room.blueprints):
            app.register_blueprint(one)
        if self._problems:
            init_refusals(app)
        else:
            init_limit_headers(app)
        begin = None if operators is None else Yoto.start
        processes.keep(app, renew=_wire, close=_close, begin=begin)
        init_deadlines(app, settings["REQUEST_DEADLINE"], settings["TRUSTED_PROXIES"])

    def _known_operators(self, caller: Callable[[], Any], rooms: Iterable[Room]) -> Any:
        for module in ("flask_smorest", "structlog", "cryptography"):
            demand(module, "control_plane")
        if self._db is None:
            raise ConfigurationError("control_plane", "needs the application's 'db' and 'users'")
        if self._operators is not None:
            from .operators import GuestOperators  # which takes what a control plane takes

            return GuestOperators(self._operators, caller, self._sign_in)
        if self._sign_in is not None:
            raise ConfigurationError("sign_in", "say by 'operators' who of those is an operator")
        return next(one.operators for one in rooms if one.operators is not None)()

    @staticmethod
    def start(app: Flask | None = None) -> None:
        """Connect and begin the background work now, instead of at the first use of a guard.

        Args:
            app: by default the current application.
        """
        app = _app(app)
        wiring = _wiring(app)
        if wiring.operators is not None:
            Resilience.of(app).start()
            _plane().begin_plane(app)
        else:
            start_all(app, _parts(app, wiring))

    @staticmethod
    def close(app: Flask | None = None) -> None:
        """End threads and connections, as the process's end does; a later use opens them again.

        Args:
            app: by default the current application.

        Raises:
            ExceptionGroup: some did not close; all others did.
        """
        processes.close(_app(app))


def _wire(app: Flask) -> None:
    """Make the parts of this process."""
    wiring = _wiring(app)
    if wiring.operators is not None:
        plane = _plane()
        plane.forget_plane(app)
        plane.wire_plane(
            app,
            wiring.redis,
            wiring.caller,
            wiring.authenticated_at,
            wiring.guards,
            wiring.operators,
        )
        _permissions().declare_permissions(app, wiring.permissions)
        return
    init_all(app, wiring, _parts(app, wiring))
    if wiring.permissions is not None:
        _permissions().declare_permissions(app, wiring.permissions)


def _close(app: Flask) -> None:
    wiring = _wiring(app)
    if wiring.operators is not None:
        _plane().close_plane(app, wiring.operators)
    else:
        if wiring.permissions is not None:
            _permissions().expect_end(app)
        close_all(app, _parts(app, wiring))


def _parts(app: Flask, wiring: Wiring) -> Sequence[Component[Wiring]]:
    """The parts of an application without a control plane."""
    core = GUARDS if wiring.permissions is None else (*GUARDS, *_permissions().PERMISSIONS)
    return (*core, *components_of(app))


def _commands() -> Iterable[click.Command]:
    """The commands of an application that has guards alone."""
    from yoto.cli.routes import guards

    return (guards,)


def _permissions() -> Any:
    """The module of permissions, imported only if needed, since it takes SQLAlchemy."""
    from . import permissions

    return permissions


def _plane() -> Any:
    """The module of the control plane, imported only if needed."""
    from . import plane

    return plane


def _wiring(app: Flask) -> Wiring:
    found: Wiring = app.extensions[EXTENSION_KEY]
    return found


def _app(app: Flask | None) -> Flask:
    if app is None:
        app = current_app._get_current_object()  # type: ignore[attr-defined]
    if EXTENSION_KEY not in app.extensions:
        raise RuntimeError("Yoto is not wired to this application: call Yoto(app) first")
    return app
