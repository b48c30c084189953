"""Yoto: a Flask application with an embedded permission and resilience platform."""

from __future__ import annotations

import os
from collections.abc import Mapping
from importlib.util import find_spec
from typing import Any

if not find_spec("regorus") and find_spec("regopy"):
    if os.environ.get("YOTO_POLICY_ENGINE") != "opa":
        # Policies are going to run on it, and it has to come before greenlet; see run.py.
        import regopy  # noqa: F401

from flask import Flask

from app import blueprints, cli, settings
from app.admission import admit
from app.auth import authenticated_at, init_auth, visitor
from app.blueprints.auth.failures import init_failures
from app.db import init_db
from app.extensions import (
    alerts,
    behaviour,
    cache,
    events,
    fleet,
    monitor,
    optimization,
    permissions,
    policy,
    prefetch,
    redis_store,
    resilience,
)
from app.guards import AGAINST_GUESSING, GUARDS
from app.migrations import init_migrations
from app.own_code import call_own_code
from app.resources import init_resources
from app.server import YotoSocketIO
from yoto import __version__, background
from yoto.cli import init_logs
from yoto.http.acts import audit_of_guards
from yoto.http.answers import error_rate
from yoto.http.application import Application
from yoto.http.circumstances import circumstances
from yoto.http.context import origin
from yoto.http.database_problems import init_problems
from yoto.http.failed_sign_ins import failures_of
from yoto.http.identity import caller_or_none, current_user_id
from yoto.http.pipeline import init_pipeline
from yoto.logs import follow_fleet
from yoto.permission import (
    WarmUpParts,
    WarmUpReport,
    init_page_globals,
    masked_context,
    register_permission_handlers,
)
from yoto.store.db import close_db
from yoto.wiring import (
    GrantedAccess,
    PolicyJudge,
    SqlAlertStore,
    SqlJournal,
    Surroundings,
    alert_settings,
    degrade_by,
    elect_forecaster,
    elected_by,
    guard_database,
    hot_places,
    invalidation_log,
    measure,
    measured_values,
    policy_engine,
    record_settings,
    signs_of_life,
    sql_audit,
    time_database,
    tune,
    worker_facts,
)

__all__ = ["close_app", "create_app", "initialize_permission_platform"]


def create_app(
    config: str | type | Mapping[str, Any] | None = None, instance_path: str | None = None
) -> Flask:
    """Build the application. This is the one place that chooses implementations.

    What ``YOTO_EXTENSIONS`` names is called last, with all of it wired; nothing is connected yet.

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
    init_db(app)
    init_resources(app)
    init_migrations(app)
    redis_store.init_app(app)
    events.init_app(app)
    monitor.init_app(app, signs=signs_of_life(app))
    recorder = monitor.of(app).recorder
    resilience.init_app(
        app,
        redis_store.of(app),
        events.of(app),
        journal=SqlJournal(app),
        audit=audit_of_guards(sql_audit(app)),
        subject=caller_or_none,
        defaults=GUARDS,
        recorder=recorder,
        enabled=app.config["RESILIENCE_ENABLED"],
    )
    follow_fleet(app)
    guard_database(app)
    time_database(app)
    init_auth(app)
    optimization.init_app(app, instance_id=events.of(app).instance_id, recorder=recorder)
    alerts.init_app(
        app,
        SqlAlertStore(app),
        values=measured_values(monitor.of(app)),
        settings=alert_settings(app),
        elected=elected_by(optimization.of(app).locks),
        degrade=degrade_by(app),
    )
    cache.init_app(app, recorder=recorder)
    optimization.of(app).invalidation.connect(invalidation_log(cache.of(app)))
    tuner = tune(app, never=AGAINST_GUESSING)
    policy.init_app(app, policy_engine(app), mask=masked_context)
    behaviour.init_app(app)
    init_pipeline(app, admit)
    init_failures(app)
    hot = optimization.of(app).hot
    prefetch.init_app(app, hot)
    seen = prefetch.of(app).recorder
    granted = GrantedAccess(hot_places(hot), seen.granted)
    hot.read_first(granted.flush)
    seen.read_first(granted.flush)
    surroundings = Surroundings(circumstances, error_rate, prefetch.of(app).unusual)
    judge = PolicyJudge(app, cache.of(app), surroundings)
    permissions.init_app(
        app,
        subject_loader=current_user_id,
        visitor=visitor,
        authenticated_at=authenticated_at,
        policy=judge,
        judged=judge.judged,
        cache=cache.of(app),
        locks=optimization.of(app).locks,
        invalidation=optimization.of(app).invalidation,
        records=record_settings(app),
        origin=origin,
        on_granted=granted,
        hot=hot,
        warm_up=WarmUpParts(
            forecaster=elect_forecaster(app).learn,
            components=background.components,
            publish=events.of(app).stream.publish,
            limit=app.config["WARM_UP_SECONDS"],
        ),
        recorder=recorder,
        suggest=tuner.suggestions,
    )
    init_page_globals(app)
    register_permission_handlers(optimization.of(app).queue)
    measure(app)
    fleet.init_app(app, worker_facts(app, __version__))
    YotoSocketIO(app, async_mode=app.config["ASYNC_MODE"])
    blueprints.init_api(app)
    blueprints.init_pages(app)
    cli.init_app(app)
    call_own_code(app)
    return app


def initialize_permission_platform(app: Flask) -> WarmUpReport | None:
    """Begin the work in the background; every process that serves calls it once.

    The warm-up comes last; nothing waits for it. ``close_app`` ends all of it.

    Returns:
        The warm-up that has begun; None where ``WARM_UP_AT_START`` says that there is none.
    """
    return background.begin(app)


def close_app(app: Flask) -> None:
    """End every thread and connection of the application; a later use opens them again."""
    optimization.of(app).locks.expect_end()
    blueprints.close_pages(app)
    failures_of(app).close()
    background.end(app)
    close_db(app)
