"""Looking at the cache, and throwing away what is in it, at once or through the queue."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict

import click
from flask import current_app

from app.cli.acts import record
from app.cli.cache.group import cache, telling
from app.core import cache as cache_layer
from app.core.optimization import SmartInvalidation, Strategy, Submission
from app.extensions import cache as hybrid_cache
from app.extensions import optimization

subjects = cache_layer.subjects

DAY = 86_400.0  # s, the longest that a strategy can be forced
SHOWN = 100  # subjects that the audit log names of one command
KINDS = {
    "user": subjects.user,
    "role": subjects.role,
    "server": subjects.server,
    "channel": subjects.channel,
}


def invalidation() -> SmartInvalidation:
    """The queue of the current application."""
    return optimization.of(current_app).invalidation


@cache.command("stats")
def stats() -> None:
    """Show, as JSON, what the cache of this process sees of the log, and how it is set."""
    current = hybrid_cache.current
    current.start(1.0)
    shown = asdict(current.stats()) | {"settings": asdict(current.settings)}
    click.echo(json.dumps(shown, indent=2))


@cache.command("invalidate")
@click.argument("kind", type=click.Choice([*KINDS, "all"]))
@click.argument("ids", nargs=-1, type=click.IntRange(1, subjects.MAX_ID))
@click.option("--queued", is_flag=True, help="Through the queue, which merges and paces.")
@click.option("--reason", help="Why; it is audited. Queued: a short name such as 'import'.")
@click.option("--server", type=click.IntRange(1), help="Queued: the server that it is all about.")
@click.option("--memory", is_flag=True, help="Only what processes remember; Redis's stays.")
def invalidate(
    kind: str,
    ids: tuple[int, ...],
    queued: bool,
    reason: str | None,
    server: int | None,
    memory: bool,
) -> None:
    """Forget verdicts in every worker: of users, roles, servers or channels by id, or all."""
    if (kind == "all") == bool(ids):
        raise click.UsageError("give ids of users, roles, servers or channels; none for 'all'")
    if queued and reason is None:
        raise click.UsageError("--queued needs a --reason")
    if server is not None and not queued:
        raise click.UsageError("--server goes with --queued")
    touched = [subjects.GLOBAL] if kind == "all" else [KINDS[kind](id_) for id_ in ids]
    if queued and reason is not None:
        covering = None if server is None else subjects.server(server)
        _queue(touched, reason, "l1" if memory else "all", covering)
        return
    record(
        "cache.invalidate",
        touched[0] if len(touched) == 1 else "several",
        reason or "flask cache invalidate",
        after={"subjects": touched[:SHOWN], "of": len(touched), "memory": memory},
    )
    if memory:
        touched = [subjects.memory(one) for one in touched]
    with telling():
        position = hybrid_cache.current.invalidate(*touched)
    click.echo(f"Every worker forgets {', '.join(touched)}; position {position}.")


def _queue(touched: Sequence[str], reason: str, level: str, covering: str | None) -> None:
    shown = {"subjects": list(touched[:SHOWN]), "of": len(touched), "level": level}
    record("cache.invalidate", "queued", reason, after=shown)
    with telling():
        receipt = invalidation().submit_many(
            [Submission(one, reason, level, covering) for one in touched]
        )
    merged = len(touched) - receipt.new
    click.echo(f"{receipt.new} queued, {merged} waited already; a running server publishes them.")


@cache.command("queue")
def queue() -> None:
    """Show, as JSON, what waits to be invalidated, and what that means."""
    with telling():
        shown = {
            "stats": asdict(invalidation().stats()),
            "analysis": asdict(invalidation().analysis()),
        }
    click.echo(json.dumps(shown, indent=2))


@cache.command("strategy")
@click.argument("strategy", type=click.Choice([*(one.value for one in Strategy), "normal"]))
@click.option(
    "--seconds",
    type=click.FloatRange(0, DAY, min_open=True),
    default=600.0,
    show_default=True,
    help="For so long.",
)
@click.option("--reason", required=True, help="Why, for whoever looks at the queue.")
def strategy(strategy: str, seconds: float, reason: str) -> None:
    """Make all workers publish the queue by STRATEGY for a while; 'normal' ends that."""
    with telling():
        forced = invalidation().stats().forced
        record(
            "queue.strategy",
            "queue:invalidation",
            reason,
            before={"strategy": "normal" if forced is None else forced.strategy.value},
            after={"strategy": strategy, "seconds": None if strategy == "normal" else seconds},
        )
        invalidation().force(None if strategy == "normal" else strategy, seconds, reason)
    ends = "" if strategy == "normal" else f" for {seconds:g} s"
    click.echo(f"Strategy: {strategy}{ends}.")
