"""Yoto: a Flask application with an embedded permission and resilience platform."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from flask import Flask

from app import blueprints, cli, settings
from app.core.permission import masked_context
from app.db import init_db
from app.extensions import (
    behaviour,
    cache,
    db,
    events,
    migrate,
    optimization,
    permissions,
    policy,
    redis_store,
    resilience,
)
from app.http.answers import error_rate, init_answers
from app.http.api import init_api
from app.http.auth import caller_or_none, current_user_id, init_auth
from app.http.circumstances import circumstances
from app.http.context import init_context, origin
from app.http.deeds import init_deeds
from app.http.guards import GUARDS
from app.http.limits import init_limits
from app.http.positions import init_positions
from app.http.problems import init_problems
from app.http.request_log import init_request_log
from app.http.security import init_security_headers
from app.http.traces import init_traces
from app.server import YotoSocketIO
from app.wiring import (
    PolicyJudge,
    SqlJournal,
    Surroundings,
    guard_database,
    policy_engine,
    record_settings,
    sql_audit,
)

__all__ = ["close_app", "create_app"]

MIGRATIONS = Path(__file__).parents[1] / "migrations"


def create_app(
    config: str | type | Mapping[str, Any] | None = None, instance_path: str | None = None
) -> Flask:
    """Build the application. This is the one place that chooses implementations.

    Args:
        config: ``"development"``, ``"testing"``, ``"production"``, a class, or a mapping laid over
            the class that ``YOTO_ENVIRONMENT`` names; None for that class alone.
        instance_path: the folder of the embedded database and Redis; by default what
            ``YOTO_INSTANCE_PATH`` says, or ``instance/`` beside the package.

    Raises:
        app.core.errors.ConfigurationError: a value is wrong or missing; it names the key.
    """
    app = Flask(__name__, instance_path=instance_path or settings.instance_path())
    settings.load(app, config)
    cli.init_logs(app)
    init_context(app)
    init_request_log(app)
    init_traces(app)
    init_answers(app)
    init_security_headers(app)
    init_problems(app)
    init_limits(app)
    init_db(app)
    migrate.init_app(app, db, directory=str(MIGRATIONS), render_as_batch=True)
    redis_store.init_app(app)
    events.init_app(app)
    resilience.init_app(
        app,
        redis_store.of(app),
        events.of(app),
        journal=SqlJournal(app),
        audit=sql_audit(app),
        subject=caller_or_none,
        defaults=GUARDS,
    )
    guard_database(app)
    init_auth(app)
    optimization.init_app(app)
    cache.init_app(app)
    policy.init_app(app, policy_engine(app), mask=masked_context)
    behaviour.init_app(app)
    init_deeds(app)
    judge = PolicyJudge(app, cache.of(app), Surroundings(circumstances, error_rate))
    permissions.init_app(
        app,
        subject_loader=current_user_id,
        policy=judge,
        judged=judge.judged,
        cache=cache.of(app),
        locks=optimization.of(app).locks,
        records=record_settings(app),
        origin=origin,
    )
    init_positions(app)
    YotoSocketIO(app, async_mode=app.config["ASYNC_MODE"])
    init_api(app, blueprints.REST)
    blueprints.init_pages(app)
    cli.init_app(app)
    return app


def close_app(app: Flask) -> None:
    """End every thread and connection of the application; a later use opens them again."""
    blueprints.close_pages(app)
    permissions.close(app)
    policy.close(app)
    optimization.of(app).locks.close()
    resilience.of(app).close()
    events.of(app).tailer.stop()
    redis_store.of(app).close()
    with app.app_context():
        db.engine.dispose()
