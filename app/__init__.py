"""Yoto: a Flask application with an embedded permission and resilience platform."""

from __future__ import annotations

import gc
import os
from collections.abc import Mapping
from importlib.util import find_spec
from typing import Any

# The collector would take a quarter of the time of the imports below, which make no garbage.
if collects := gc.isenabled():
    gc.disable()

if not find_spec("regorus") and find_spec("regopy"):
    if os.environ.get("YOTO_POLICY_ENGINE") != "opa":
        # Policies run on it, and it must be imported before greenlet; see run.py.
        import regopy  # noqa: F401

from flask import Flask

from app import blueprints, cli, settings
from app.admission import admit
from app.auth import authenticated_at, init_auth, visitor
from app.blueprints.auth.accounts import init_failures
from app.db import init_db
from app.guards import AGAINST_GUESSING, GUARDS
from app.migrations import init_migrations
from app.own_code import call_own_code
from app.resources import init_resources
from app.server import YotoSocketIO
from yoto.auth.failed_sign_ins import failures_of
from yoto.auth.identity import caller_or_none, current_user_id
from yoto.cli import async_mode_here, init_logs
from yoto.component import Component, init_all
from yoto.http.application import Application
from yoto.http.database_problems import init_problems
from yoto.parts.platform import COMPONENTS, Host, begin, end
from yoto.permission import init_page_globals
from yoto.persistence import guard_database, time_database
from yoto.room import components_of
from yoto.store.db import close_db

if collects:
    # All imported objects stay. A single collection over them would take 0.2 s more.
    gc.freeze()
    gc.enable()

__all__ = ["close_app", "create_app", "initialize_permission_platform"]


def create_app(
    config: str | type | Mapping[str, Any] | None = None, instance_path: str | None = None
) -> Flask:
    """Build the application. This is the one place that chooses implementations.

    The functions in ``YOTO_EXTENSIONS`` are called last, when everything is wired; nothing is
    connected yet.

    Args:
        config: ``"development"``, ``"testing"``, ``"production"``, a class, or a mapping laid over
            the class that ``YOTO_ENVIRONMENT`` names; None for that class alone.
        instance_path: the folder of the embedded database and Redis; by default what
            ``YOTO_INSTANCE_PATH`` says, or ``instance/`` beside the package.

    Raises:
        yoto.errors.ConfigurationError: a value is wrong or missing; it names the key.
    """
    app = Application(__name__, instance_path=instance_path or settings.instance_path())
    settings.load(app, config)
    init_logs(app)
    init_problems(app)
    host = Host(
        caller=caller_or_none,
        guards=GUARDS,
        untuned=AGAINST_GUESSING,
        subject_loader=current_user_id,
        visitor=visitor,
        authenticated_at=authenticated_at,
        admit=admit,
        enabled=app.config["RESILIENCE_ENABLED"],
        share_workers=app.config["LOCAL_SHARE_WORKERS"],
    )
    init_all(app, host, _parts_of(app))
    call_own_code(app)
    return app


def initialize_permission_platform(app: Flask) -> None:
    """Begin the work in the background; every process that serves calls it once.

    The warm-up comes last; nothing waits for it. ``close_app`` ends all of it.
    """
    begin(app)


def close_app(app: Flask) -> None:
    """End every thread and connection of the application; a later use opens them again.

    Raises:
        ExceptionGroup: some did not close; all others did.
    """
    end(app, _parts_of(app))


def _init_database(app: Flask, host: Host) -> None:
    init_db(app)
    init_resources(app)
    init_migrations(app)


def _watch_database(app: Flask, host: Host) -> None:
    guard_database(app)
    time_database(app)


def _init_accounts(app: Flask, host: Host) -> None:
    init_auth(app)
    init_failures(app)
    init_page_globals(app)


def _init_pages(app: Flask, host: Host) -> None:
    assert isinstance(app, Application)
    YotoSocketIO(app, async_mode=async_mode_here(app))
    blueprints.init_api(app)
    blueprints.init_pages(app)
    cli.init_app(app)


def _parts_of(app: Flask) -> tuple[Component[Host], ...]:
    """All parts of the application, in the order in which they need each other."""
    return (
        Component("database", init=_init_database, close=close_db),
        *COMPONENTS,
        *components_of(app),
        Component("watch of the database", init=_watch_database),
        Component("accounts", init=_init_accounts, close=lambda app: failures_of(app).close()),
        Component("pages", init=_init_pages, close=blueprints.close_pages),
    )
