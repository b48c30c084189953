"""``flask cache``: inspect cached verdicts, and invalidate them."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict
from typing import Annotated

import click
from flask import current_app
from flask.cli import AppGroup

from yoto import cache as cache_layer
from yoto.cli.operations import command
from yoto.errors import ValidationFailed
from yoto.extensions import cache as hybrid_cache
from yoto.extensions import optimization
from yoto.http.acts import record_act
from yoto.operate.invalidation import invalidate as invalidate_target
from yoto.operate.targets import target_of
from yoto.permission import Place, node_of_text
from yoto.store.resources import known_types

cache = AppGroup("cache", help="Look at cached verdicts, throw them away, bring hot ones in.")


tags = cache_layer.tags

SHOWN = 100  # tags of one command that its audit record names


@command(cache, "stats")
def stats() -> str:
    """Show, as JSON, this process's cache: its view of the log, and its settings."""
    current = hybrid_cache.current
    current.start(1.0)
    shown = asdict(current.stats()) | {"settings": asdict(current.settings)}
    return json.dumps(shown, indent=2)


@command(cache, "invalidate <kind> <ids>")
def invalidate(
    kind: str,
    ids: tuple[str, ...] = (),
    *,
    queued: Annotated[bool, "Through the queue, which merges and paces."] = False,
    reason: Annotated[str, "Why; it is audited. Queued: a short name such as 'import'."],
    home: Annotated[str | None, "Queued: TYPE:ID, where those belong that it is about."] = None,
    server: Annotated[int | None, click.IntRange(1), "The same as --home server:ID."] = None,
    memory: Annotated[bool, "Only what processes remember; Redis's stays."] = False,
) -> str:
    """Forget verdicts in every worker: of KIND and the IDS, with everything below resources.

    KIND is user, role, team, application, a type of resources, or all, which has no ids. The id of
    a user is their number, or the application's own id.
    """
    if server is not None:
        if home is not None:
            raise click.UsageError("give either --home or --server")
        home = f"server:{server}"
    if home is not None and not queued:
        raise click.UsageError("--home and --server go with --queued")
    try:
        targets = [target_of(kind, one, spelled=True) for one in ids or (None,)]
        covering = None if home is None else tags.node(*_home(home))
    except ValidationFailed as error:
        raise click.UsageError(str(error)) from None
    if queued:
        level = "l1" if memory else "all"
        return _queue([target.subject for target in targets], reason, level, covering)
    done = [invalidate_target(target, memory, reason) for target in targets]
    published = ", ".join(one["subject"] for one in done)
    return f"Invalidated in every worker: {published}; position {done[-1]['position']}."


def _home(text: str) -> Place:
    """The node of a resource with members, by its text.

    Raises:
        ValidationFailed: the text names no such node; field ``home``.
    """
    place = node_of_text(text, "home")
    if known_types().get(place.kind).members is None:
        raise ValidationFailed({"home": f"a {place.kind} has no members"})
    return place


def _queue(subjects: Sequence[str], reason: str, level: str, covering: str | None) -> str:
    app = current_app._get_current_object()  # type: ignore[attr-defined]
    queue = optimization.of(app).find("invalidation")
    if queue is None:
        raise click.UsageError("--queued needs the room 'queues', which is off (docs/rooms.md)")
    shown = {"subjects": list(subjects[:SHOWN]), "of": len(subjects), "level": level}
    record_act("cache.invalidate", "queued", reason=reason, after=shown)
    receipt = queue.submit_subjects(subjects, reason, level, covering)
    merged = len(subjects) - receipt.new
    return f"{receipt.new} queued, {merged} waited already; a running server publishes them."
