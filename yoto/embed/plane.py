"""The control plane in an embedding application: a second application beside it.

It has settings, a session, pages and error handlers of its own, so that it cannot conflict with the
application's hooks before requests, its protection against forged forms, or its blueprints' names.
Both share the parts of the platform; each has its own connections to the database.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from flask import Flask, current_app
from flask.sessions import SecureCookieSessionInterface
from werkzeug.exceptions import Unauthorized

from yoto.api.guards import API_GUARDS
from yoto.auth.csrf import check_own_site
from yoto.auth.identity import EXTENSION_KEY as CALLERS
from yoto.auth.identity import Callers, Identity, current_user_id, init_callers
from yoto.auth.operators import CONTROL_PREFIX
from yoto.cli import Commands, guest_commands
from yoto.component import Component, init_all
from yoto.control_plane import init_control
from yoto.control_plane.navigation import CONTROL
from yoto.control_plane.static_files import VERSION
from yoto.embed.operators import AS_IT_CAME, Operators
from yoto.embed.permissions import subject_of, visitor_of
from yoto.embed.requests import count_requests, name_caller
from yoto.embed.settings import settings_for
from yoto.errors import ConfigurationError
from yoto.extensions import permissions
from yoto.health import MIGRATIONS, init_health
from yoto.http.application import Application
from yoto.http.database_problems import init_problems
from yoto.http.pipeline import admit_all
from yoto.logs import LEVELS, get_level, set_level
from yoto.parts.platform import COMPONENTS, Host, begin, end
from yoto.permission import NO_PERSON, number_of
from yoto.redis import RedisSettings
from yoto.resilience import Settings
from yoto.room import components_of, keep_rooms, rooms_of
from yoto.settings import EXTENSION as SETTINGS
from yoto.settings import PREFIX, check_combinations
from yoto.store.db import EXTENSION as STORE
from yoto.store.db import db, forget_connections, init_store_beside
from yoto.store.declarations import EXTENSION as DECLARATIONS
from yoto.store.resources import types_of
from yoto.store.resources.types import EXTENSION as RESOURCES

EXTENSION = "yoto.plane"
# Settings that each of the two applications has separately.
OWN = frozenset({STORE, DECLARATIONS, RESOURCES, CALLERS})
LOGGER = "yoto"  # the platform's logger; all others are the application's


class PlaneSessions(SecureCookieSessionInterface):
    """Sessions of the control plane: signed with the application's key, but with another salt, so
    that neither application accepts the other's sessions.
    """

    salt = "yoto.control-plane"


def plane_of(app: Flask) -> Application:
    """The control plane of ``app`` in this process."""
    found: Application = app.extensions[EXTENSION]
    return found


def serve_plane(app: Flask, prefix: str, noticed: Callable[[Flask], None]) -> None:
    """Serve requests for the control plane of ``app``, which are below ``prefix``.

    Args:
        noticed: called before each, as before the application's own requests.
    """
    serve = app.wsgi_app
    pages = f"{prefix}{CONTROL_PREFIX}"
    folders = "|".join((CONTROL, *(one.name for one in rooms_of(app))))
    static = re.compile(f"{re.escape(prefix)}/static/(?:{VERSION}/(?:{folders})|{CONTROL})/").match

    def dispatch(environ: dict[str, Any], start_response: Callable[..., Any]) -> Any:
        path = environ.get("PATH_INFO", "")
        if path != pages and not path.startswith(f"{pages}/") and not static(path):
            return serve(environ, start_response)
        noticed(app)
        inner = {**environ, AS_IT_CAME: environ}
        inner["SCRIPT_NAME"] = environ.get("SCRIPT_NAME", "") + prefix
        inner["PATH_INFO"] = path.removeprefix(prefix)
        return plane_of(app)(inner, start_response)

    app.wsgi_app = dispatch  # type: ignore[method-assign]
    count_requests(app, plane_of)


def wire_plane(
    app: Flask,
    redis: RedisSettings,
    caller: Callable[[], Any],
    authenticated_at: Callable[[], Any] | None,
    guards: Mapping[str, Mapping[str, Settings]],
    operators: Operators,
) -> None:
    """Make the control plane of ``app`` for this process, with all parts of the platform.

    Raises:
        ConfigurationError: a setting is wrong, or missing; it names the key.
    """
    plane = app.extensions[EXTENSION] = Application(
        "yoto.control_plane", instance_path=app.instance_path, static_folder=None
    )
    plane.session_interface = PlaneSessions()
    keep_rooms(plane, rooms_of(app))
    _configure(plane, app)
    init_problems(plane)
    plane.extensions[DECLARATIONS] = app.extensions[DECLARATIONS]
    plane.extensions[RESOURCES] = types_of(app)
    init_store_beside(plane, app, plane.config["DATABASE_POOL_SIZE"])
    host = Host(
        caller=lambda: caller() if current_app == app else None,
        guards={**API_GUARDS, **operators.guards, **guards},
        untuned=operators.guards,
        subject_loader=_open_to(subject_of(app, caller)),
        visitor=visitor_of(app, caller),
        authenticated_at=_in_requests_of(app, authenticated_at),
        admit=admit_all,
        logger=LOGGER,
        redis=redis,
        enabled=plane.config["RESILIENCE_ENABLED"],
        share_workers=plane.config["LOCAL_SHARE_WORKERS"],
    )
    init_all(plane, host, (*COMPONENTS, *components_of(plane)))
    init_health(plane, [MIGRATIONS], prefix=CONTROL_PREFIX)
    operators.init_app(plane, app)
    init_control(plane, operators.control_plane())
    plane.extensions[SETTINGS] = plane.config
    _share(plane, app)
    # The application provides the caller, but nothing else about a sign-in.
    identified = _identified_by(visitor_of(app, caller))
    init_callers(app, Callers(identified, lambda: str(current_user_id())))


def add_commands(app: Flask) -> None:
    """Add the commands of a control plane, and those on programs and teams, to ``flask yoto``."""
    group: Any = app.cli.commands["yoto"]
    # All applications of a process share the group, but not all of them have these commands.
    own = dict(group.commands)
    app.cli.add_command(
        Commands(group.name, help=group.help, commands=own, load=lambda: guest_commands(app))
    )


def forget_plane(app: Flask) -> None:
    """Leave threads and connections of the control plane to the parent of a forked process."""
    plane = app.extensions.get(EXTENSION)
    if plane is not None:
        _end_connections(plane, close=False)
    forget_connections(app, close=False)


def begin_plane(app: Flask) -> None:
    """Begin the work in the background."""
    begin(plane_of(app))


def close_plane(app: Flask, operators: Operators) -> None:
    """End threads and connections; a later use opens them.

    Raises:
        ExceptionGroup: some did not close; all others did.
    """

    def forget(plane: Flask) -> None:
        _end_connections(plane, close=True)
        forget_connections(app, close=True)

    connections: Component[Host] = Component("connections", close=forget)
    parts = (connections, *COMPONENTS, *components_of(app))
    end(plane_of(app), (*parts, Component("operators", close=operators.close)))


def _open_to(subject: Callable[[], Any]) -> Callable[[], Any]:
    """The caller of a view that checks a permission.

    The request's record names them from then on. During maintenance there is no caller.
    """

    def admitted() -> Any:
        permissions.demand_service()
        found = subject()
        number = number_of(found)
        if number != NO_PERSON:
            name_caller(number)
        return found

    return admitted


def _identified_by(visitor: Callable[[], Any]) -> Callable[[], Identity]:
    """The caller of one of the platform's views that the application serves itself."""

    def identified() -> Identity:
        # The application may identify callers by a cookie, and protect only its own forms.
        check_own_site()
        found = visitor()
        if found is None:
            raise Unauthorized()
        number = number_of(found)
        if number != NO_PERSON:
            name_caller(number)
        return Identity(number, super_admin=False)

    return identified


def _in_requests_of(app: Flask, ask: Callable[[], Any] | None) -> Callable[[], Any] | None:
    """``ask`` in requests of ``app`` alone; None in those to its control plane."""
    return None if ask is None else lambda: ask() if current_app == app else None


def _configure(plane: Application, app: Flask) -> None:
    found = get_level(LOGGER)
    plane.config.update(settings_for(app, rooms_of(app), found if found in LEVELS else None))
    if plane.config["LOG_LEVEL"] != found:
        set_level(plane.config["LOG_LEVEL"], LOGGER)
    fallback = plane.config["SECRET_KEY_FALLBACK"]
    accepted: list[str] = []
    if plane.config["SECRET_KEY"] is None:
        plane.config["SECRET_KEY"] = app.config["SECRET_KEY"]
        accepted += app.config["SECRET_KEY_FALLBACKS"] or ()
    if not plane.config["SECRET_KEY"]:
        raise ConfigurationError("SECRET_KEY", "the control plane needs one, for its sessions")
    # Checked once more, since the key may now be the host's.
    check_combinations(plane.config, PREFIX)
    plane.config["SECRET_KEY_FALLBACKS"] = accepted if fallback is None else [fallback, *accepted]
    plane.config.update(
        ENVIRONMENT=app.name,
        TRUSTED_HOSTS=app.config["TRUSTED_HOSTS"],
        SESSION_COOKIE_NAME="yoto_session",
        SESSION_COOKIE_SAMESITE="Lax",
        SESSION_COOKIE_SECURE=app.config["SESSION_COOKIE_SECURE"],
    )


def _share(plane: Application, app: Flask) -> None:
    for key, part in plane.extensions.items():
        if key.startswith("yoto.") and key not in OWN:
            app.extensions[key] = part


def _end_connections(plane: Flask, close: bool) -> None:
    forget_connections(plane, close)
    with plane.app_context():
        db.engine.dispose(close=close)
