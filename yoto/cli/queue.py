"""``flask queue``: see what waits in the queue, and put dead letters back."""

from __future__ import annotations

from dataclasses import asdict
from datetime import UTC, datetime

import click
from flask.cli import AppGroup

from yoto.cli.acts import acting
from yoto.cli.options import as_json, echo_json, with_reason
from yoto.errors import UnknownResource
from yoto.extensions import optimization
from yoto.operate.queues import discard_dead_letter, redrive_dead_letter, redrive_dead_letters
from yoto.optimization import DeadLetter, KindStats

queue = AppGroup("queue", help="See what waits in the queue, and put dead letters back.")

# Characters of a payload that a line shows.
SHOWN = 200


@queue.command("stats")
@as_json
def stats(as_json: bool) -> None:
    """Show each kind of items, and the processes that handle them."""
    with acting():
        found = optimization.queue_stats()
    if as_json:
        echo_json(found)
        return
    for name, kind in found.kinds.items():
        click.echo(f"{name}: {_state(kind)}")
        counts = {field: number for field, number in asdict(kind.counts).items() if number}
        click.echo("  " + ", ".join(f"{number} {field}" for field, number in counts.items()))
    for name, consumer in found.consumers.items():
        hanging = f", {consumer.abandoned} hanging" if consumer.abandoned else ""
        click.echo(
            f"process {name}: {consumer.workers} workers{hanging}, {consumer.in_flight} items"
        )
    for name in found.unserved:
        click.echo(f"no handler for {name}")
    if not found.kinds:
        click.echo("Nothing was ever enqueued.")


@queue.command("dead")
@click.option("--kind", help="Only of this kind.")
@click.option("--limit", type=int, default=20, show_default=True, help="Letters of a page.")
@click.option("--after", help="Where the page before ended.")
@as_json
def dead(kind: str | None, limit: int, after: str | None, as_json: bool) -> None:
    """Show dead letters, kind by kind, the newest of each first."""
    with acting():
        page = optimization.queue.dead_letters(kind, after, limit)
    if as_json:
        echo_json(page)
        return
    for letter in page.letters:
        click.echo(f"{letter.id}  {_moment(letter.died_at)}  {_tries(letter)}: {letter.reason}")
        click.echo(f"  {letter.payload[:SHOWN]}")
    if page.after:
        click.echo(f"more: --after {page.after}")
    if not page.letters:
        click.echo("No dead letters.")


@queue.command("show")
@click.argument("letter_id", metavar="ID")
def show(letter_id: str) -> None:
    """Show one dead letter with all its content."""
    with acting():
        found = optimization.queue.dead_letter(letter_id)
    if found is None:
        raise click.ClickException(f"no dead letter {letter_id}")
    click.echo(f"{found.id}  {_moment(found.died_at)}  {_tries(found)}: {found.reason}")
    click.echo(found.payload)


@queue.command("redrive")
@click.argument("ids", nargs=-1)
@click.option("--all", "everything", is_flag=True, help="All that there are now.")
@click.option("--kind", help="With --all: only of this kind.")
@with_reason
def redrive(ids: tuple[str, ...], everything: bool, kind: str | None, reason: str) -> None:
    """Put dead letters back into the queue, by IDS or all, as new items with all their tries.

    The exit status is 1 when one was not found; the others are retried all the same.
    """
    if everything == bool(ids) or (kind is not None and not everything):
        raise click.UsageError("give IDS, or --all, if you like with --kind")
    with acting():
        if everything:
            kinds = optimization.queue_stats().kinds if kind is None else [kind]
            moved = sum(redrive_dead_letters(one, reason)["redriven"] for one in kinds)
        else:
            moved = sum(_redriven(one, reason) for one in ids)
    gone = len(ids) - moved if ids else 0
    if gone:
        raise click.ClickException(f"{moved} retried, {gone} not found.")
    click.echo(f"{moved} retried.")


@queue.command("discard")
@click.argument("letter_id", metavar="ID")
@with_reason
def discard(letter_id: str, reason: str) -> None:
    """Throw one dead letter away for good; the audit log keeps its content."""
    with acting():
        discard_dead_letter(*_parts(letter_id), reason)
    click.echo(f"{letter_id} is gone.")


def _parts(letter_id: str) -> tuple[str, str]:
    kind, _, number = letter_id.partition(":")
    return kind, number


def _redriven(letter_id: str, reason: str) -> int:
    try:
        return redrive_dead_letter(*_parts(letter_id), reason)["redriven"]
    except UnknownResource:
        return 0


def _state(kind: KindStats) -> str:
    age = "" if kind.oldest_age is None else f", the oldest for {kind.oldest_age:.1f} s"
    return (
        f"{kind.length} items ({kind.waiting} waiting, {kind.in_flight} in flight, "
        f"{kind.delayed} delayed{age}), {kind.dead} dead letters; "
        f"{kind.inflow:.1f}/s in, {kind.processing:.1f}/s done"
    )


def _moment(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="seconds")


def _tries(letter: DeadLetter) -> str:
    return f"{letter.tries} {'try' if letter.tries == 1 else 'tries'}"
