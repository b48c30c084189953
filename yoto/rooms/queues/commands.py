"""``flask queue``: show waiting items, and put dead letters back; ``flask cache queue``."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Annotated, Any

import click
from flask import current_app
from flask.cli import AppGroup

from yoto.cli.operations import command
from yoto.errors import UnknownResource
from yoto.extensions import optimization
from yoto.http.operation import Reason
from yoto.rooms.queues.batch import DeadLetter, DeadLetters, KindStats, QueueStats
from yoto.rooms.queues.operating import (
    discard_dead_letter,
    redrive_dead_letter,
    redrive_dead_letters,
)

queue = AppGroup("queue", help="See what waits in the queue, and put dead letters back.")

cache = AppGroup("cache")

# Characters of a payload in a line.
SHOWN = 200


def _stats(found: QueueStats) -> Iterator[str]:
    for name, kind in found.kinds.items():
        yield f"{name}: {_state(kind)}"
        counts = {field: number for field, number in asdict(kind.counts).items() if number}
        yield "  " + ", ".join(f"{number} {field}" for field, number in counts.items())
    for name, consumer in found.consumers.items():
        hanging = f", {consumer.abandoned} hanging" if consumer.abandoned else ""
        yield f"process {name}: {consumer.workers} workers{hanging}, {consumer.in_flight} items"
    for name in found.unserved:
        yield f"no handler for {name}"
    if not found.kinds:
        yield "Nothing was ever enqueued."


def _letters(found: DeadLetters, **given: Any) -> Iterator[str]:
    for letter in found.letters:
        yield _line(letter)
        yield f"  {letter.payload[:SHOWN]}"
    if found.after:
        yield f"more: --after {found.after}"
    if not found.letters:
        yield "No dead letters."


@command(cache, "queue")
def invalidations() -> str:
    """Show, as JSON, the queue of invalidations, and its health."""
    stats, analysis = optimization.of(current_app).invalidation.look()
    return json.dumps({"stats": asdict(stats), "analysis": asdict(analysis)}, indent=2)


@command(queue, "stats", _stats)
def stats() -> QueueStats:
    """Show each kind of items, and the processes that handle them."""
    found: QueueStats = optimization.queue_stats()
    return found


@command(queue, "dead", _letters)
def dead(
    kind: Annotated[str | None, "Only of this kind."] = None,
    limit: Annotated[int, "Letters of a page."] = 20,
    after: Annotated[str | None, "Where the page before ended."] = None,
) -> DeadLetters:
    """Show dead letters, kind by kind, the newest of each first."""
    found: DeadLetters = optimization.queue.dead_letters(kind, after, limit)
    return found


@command(queue, "show <letter_id>")
def show(letter_id: str) -> list[str]:
    """Show one dead letter with all its content."""
    found = optimization.queue.dead_letter(letter_id)
    if found is None:
        raise click.ClickException(f"no dead letter {letter_id}")
    return [_line(found), found.payload]


@command(queue, "redrive <ids>")
def redrive(
    reason: Reason,
    ids: tuple[str, ...] = (),
    all: Annotated[bool, "All that there are now."] = False,
    kind: Annotated[str | None, "With --all: only of this kind."] = None,
) -> str:
    """Put dead letters back into the queue, by IDS or all, as new items with all their tries.

    The exit status is 1 when one was not found; the others are put back all the same.
    """
    if all == bool(ids) or (kind is not None and not all):
        raise click.UsageError("give IDS, or --all, if you like with --kind")
    if all:
        kinds = optimization.queue_stats().kinds if kind is None else [kind]
        moved = sum(redrive_dead_letters(one, reason)["redriven"] for one in kinds)
    else:
        moved = sum(_redriven(one, reason) for one in ids)
    if ids and moved < len(ids):
        raise click.ClickException(f"{moved} retried, {len(ids) - moved} not found.")
    return f"{moved} retried."


@command(queue, "discard <letter_id>")
def discard(letter_id: str, reason: Reason) -> str:
    """Discard one dead letter for good; the audit log keeps its content."""
    discard_dead_letter(*_parts(letter_id), reason)
    return f"{letter_id} is gone."


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


def _line(letter: DeadLetter) -> str:
    died = datetime.fromtimestamp(letter.died_at, UTC).isoformat(timespec="seconds")
    tries = f"{letter.tries} {'try' if letter.tries == 1 else 'tries'}"
    return f"{letter.id}  {died}  {tries}: {letter.reason}"
