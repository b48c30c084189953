"""``flask prefetch``: see what prefetching does, steer it, and forget people."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager

import click
from flask.cli import AppGroup

from yoto.cli.acts import acting
from yoto.cli.login import login
from yoto.cli.options import with_reason
from yoto.cli.permission import user_id_of
from yoto.extensions import prefetch as extension
from yoto.operate.prefetch import forget_behaviour, order
from yoto.prefetch import PrefetchService

prefetch = AppGroup("prefetch", help="See what prefetching does, steer it, forget people.")

PREDICTIONS_SHOWN = 10
_worker = click.option("--worker", metavar="ID", help="Only this one; 'stats' names them.")


@contextmanager
def _using() -> Iterator[PrefetchService]:
    """Prefetching for one command."""
    with acting():
        yield extension.current


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
    click.echo(f"actions known: {0.0 if profile is None else profile.deeds:.1f}")
    for one in found:
        where = one.step.kind if one.step.id is None else f"{one.step.kind}:{one.step.id}"
        click.echo(f"{one.probability:8.4f}  {one.step.action}  {where}")


@prefetch.command("forget")
@click.argument("user")
@with_reason
def forget(user: str, reason: str) -> None:
    """Delete what USER (username or id) did, in Redis and in every worker."""
    with _using():
        user_id = user_id_of(user)
        forget_behaviour(user_id, reason)
    click.echo(f"The behaviour of user {user_id} is forgotten; workers follow within a second.")


@prefetch.command("pause")
@_worker
@with_reason
def pause(worker: str | None, reason: str) -> None:
    """Let no worker prefetch, or one of them not."""
    with _using() as service:
        if worker is None:
            service.pause(reason, login())
        else:
            order(worker, "pause", reason)
    click.echo("No worker prefetches any more." if worker is None else f"{worker} is paused.")


@prefetch.command("resume")
@_worker
@with_reason
def resume(worker: str | None, reason: str) -> None:
    """Let every worker prefetch again, or one that was paused alone."""
    with _using() as service:
        if worker is None:
            service.resume(reason, login())
        else:
            order(worker, "resume", reason)
    click.echo("Workers prefetch again." if worker is None else f"{worker} prefetches again.")


@prefetch.command("cancel")
@click.argument("worker")
@click.argument("task_id", type=click.IntRange(1))
@with_reason
def cancel(worker: str, task_id: int, reason: str) -> None:
    """Have WORKER not load the prefetch TASK_ID, which waits there; 'stats' shows both."""
    with _using():
        order(worker, "cancel", reason, task_id)
    click.echo(f"{worker} has cancelled prefetch {task_id}.")


@prefetch.command("recording")
@click.argument("state", type=click.Choice(["on", "off"]))
@with_reason
def recording(state: str, reason: str) -> None:
    """Let every worker record behaviour, or none. What is kept already stays until it runs out."""
    with _using() as service:
        service.set_recording(state == "on", reason, login())
    click.echo(f"Behaviour is recorded: {state}.")
