"""Looking at the cache, and throwing away what is in it, at once or through the queue."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict

import click
from flask import current_app

from yoto import cache as cache_layer
from yoto.cli.acts import acting
from yoto.cli.cache.group import cache
from yoto.cli.options import with_reason
from yoto.errors import ValidationFailed
from yoto.extensions import cache as hybrid_cache
from yoto.extensions import optimization
from yoto.http.acts import record_act
from yoto.operate.invalidation import invalidate as invalidate_target
from yoto.operate.queues import DAY, NORMAL, choose_invalidation_strategy
from yoto.operate.targets import target_of
from yoto.optimization import SmartInvalidation, Strategy, Submission
from yoto.permission import Place, node_of_text
from yoto.store.resources import known_types

subjects = cache_layer.subjects

SHOWN = 100  # subjects that the audit log names of one command


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
@click.argument("kind")
@click.argument("ids", nargs=-1)
@click.option("--queued", is_flag=True, help="Through the queue, which merges and paces.")
@click.option(
    "--reason", required=True, help="Why; it is audited. Queued: a short name such as 'import'."
)
@click.option("--home", metavar="TYPE:ID", help="Queued: where those belong that it is all about.")
@click.option("--server", type=click.IntRange(1), help="The same as --home server:ID.")
@click.option("--memory", is_flag=True, help="Only what processes remember; Redis's stays.")
def invalidate(
    kind: str,
    ids: tuple[str, ...],
    queued: bool,
    reason: str,
    home: str | None,
    server: int | None,
    memory: bool,
) -> None:
    """Forget verdicts in every worker: of KIND and the IDS, with what is below resources.

    KIND is user, role, team, application, a type of resources, or all, which has no ids. Users
    have numbers, and the ids that the application calls them by.
    """
    if server is not None:
        if home is not None:
            raise click.UsageError("give either --home or --server")
        home = f"server:{server}"
    if home is not None and not queued:
        raise click.UsageError("--home and --server go with --queued")
    with acting():
        try:
            targets = [target_of(kind, one, spelled=True) for one in ids or (None,)]
            covering = None if home is None else subjects.node(*_home(home))
        except ValidationFailed as error:
            raise click.UsageError(str(error)) from None
    if queued:
        _queue([target.subject for target in targets], reason, "l1" if memory else "all", covering)
        return
    with acting():
        done = [invalidate_target(target, memory, reason) for target in targets]
    told = ", ".join(one["subject"] for one in done)
    click.echo(f"Invalidated in every worker: {told}; position {done[-1]['position']}.")


def _home(text: str) -> Place:
    """The node that people belong to by its text.

    Raises:
        ValidationFailed: it names none; names ``home``.
    """
    place = node_of_text(text, "home")
    if known_types().get(place.kind).members is None:
        raise ValidationFailed({"home": f"a {place.kind} has no members"})
    return place


def _queue(touched: Sequence[str], reason: str, level: str, covering: str | None) -> None:
    shown = {"subjects": list(touched[:SHOWN]), "of": len(touched), "level": level}
    with acting():
        record_act("cache.invalidate", "queued", reason=reason, after=shown)
        receipt = invalidation().submit_many(
            [Submission(one, reason, level, covering) for one in touched]
        )
    merged = len(touched) - receipt.new
    click.echo(f"{receipt.new} queued, {merged} waited already; a running server publishes them.")


@cache.command("queue")
def queue() -> None:
    """Show, as JSON, what waits to be invalidated, and what that means."""
    with acting():
        stats, analysis = invalidation().look()
    click.echo(json.dumps({"stats": asdict(stats), "analysis": asdict(analysis)}, indent=2))


@cache.command("strategy")
@click.argument("strategy", type=click.Choice([*(one.value for one in Strategy), NORMAL]))
@click.option(
    "--seconds",
    type=click.FloatRange(0, DAY, min_open=True),
    default=600.0,
    show_default=True,
    help="For so long.",
)
@with_reason
def strategy(strategy: str, seconds: float, reason: str) -> None:
    """Make all workers publish the queue by STRATEGY for a while; 'normal' ends that."""
    with acting():
        choose_invalidation_strategy(strategy, reason, seconds)
    ends = "" if strategy == NORMAL else f" for {seconds:g} s"
    click.echo(f"Strategy: {strategy}{ends}.")
