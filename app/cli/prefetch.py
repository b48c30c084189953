"""``flask prefetch``: see what prefetching does, steer it, and forget people."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import click
from flask.cli import AppGroup

from app.cli.login import login
from app.cli.permission import user_id_of
from app.core.errors import PlatformError
from app.core.prefetch import PrefetchService
from app.core.resilience import get_resilience_controller
from app.db import db, writing
from app.extensions import prefetch as extension
from app.http.audit import audit

prefetch = AppGroup("prefetch", help="See what prefetching does, steer it, forget people.")

PREDICTIONS_SHOWN = 10


@contextmanager
def _using() -> Iterator[PrefetchService]:
    """Prefetching for one command; errors of the platform become errors of the command."""
    try:
        yield extension.current
    except PlatformError as error:
        raise click.ClickException(str(error)) from None
    finally:
        get_resilience_controller().close()


def _says_why(command: Callable[..., Any]) -> Callable[..., Any]:
    return click.option("--reason", required=True, help="Why; it is audited.")(command)


@prefetch.command("stats")
def stats() -> None:
    """Show, as JSON, what the fleet is allowed and what each worker did."""
    with _using() as service:
        shown = {"switches": service.switches(), "workers": service.fleet_stats()}
    click.echo(json.dumps(shown, indent=2))


@prefetch.command("predict")
@click.argument("user")
@click.option("--limit", type=click.IntRange(1, 100), default=PREDICTIONS_SHOWN, show_default=True)
def predict(user: str, limit: int) -> None:
    """Show what USER (username or id) is likely to do next, and what is known of them."""
    with _using() as service:
        user_id = user_id_of(user)
        service.catch_up()
        profile = service.profile(user_id)
        found = service.analyzer.predict(user_id)[:limit]
    click.echo(f"deeds known: {0.0 if profile is None else profile.deeds:.1f}")
    for one in found:
        where = one.step.kind if one.step.id is None else f"{one.step.kind}:{one.step.id}"
        click.echo(f"{one.probability:8.4f}  {one.step.action}  {where}")


@prefetch.command("forget")
@click.argument("user")
def forget(user: str) -> None:
    """Delete what USER (username or id) did, in Redis and in every worker."""
    with _using() as service:
        user_id = user_id_of(user)
        with writing():
            audit("prefetch.forget", f"user:{user_id}", actor_id=None, reason="flask prefetch")
            db.session.commit()
        service.forget(user_id)
    click.echo(f"The behaviour of user {user_id} is forgotten; workers follow within a second.")


@prefetch.command("pause")
@_says_why
def pause(reason: str) -> None:
    """Let no worker prefetch."""
    with _using() as service:
        service.pause(reason, login())
    click.echo("No worker prefetches any more.")


@prefetch.command("resume")
@_says_why
def resume(reason: str) -> None:
    """Let every worker prefetch again."""
    with _using() as service:
        service.resume(reason, login())
    click.echo("Workers prefetch again.")


@prefetch.command("recording")
@click.argument("state", type=click.Choice(["on", "off"]))
@_says_why
def recording(state: str, reason: str) -> None:
    """Let every worker record behaviour, or none. What is kept already stays until it runs out."""
    with _using() as service:
        service.set_recording(state == "on", reason, login())
    click.echo(f"Behaviour is recorded: {state}.")
