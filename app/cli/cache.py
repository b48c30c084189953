"""``flask cache``: look at cached verdicts, and throw them away."""

from __future__ import annotations

import json
from dataclasses import asdict

import click
from flask.cli import AppGroup

from app.core import cache as cache_layer
from app.core.errors import PlatformError
from app.extensions import cache as hybrid_cache

subjects = cache_layer.subjects
cache = AppGroup("cache", help="Look at cached verdicts, and throw them away.")

KINDS = {
    "user": subjects.user,
    "role": subjects.role,
    "server": subjects.server,
    "channel": subjects.channel,
}


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
def invalidate(kind: str, ids: tuple[int, ...]) -> None:
    """Forget verdicts in every worker: of users, roles, servers or channels by id, or all."""
    if (kind == "all") == bool(ids):
        raise click.UsageError("give ids of users, roles, servers or channels; none for 'all'")
    touched = [subjects.GLOBAL] if kind == "all" else [KINDS[kind](id_) for id_ in ids]
    try:
        position = hybrid_cache.current.invalidate(*touched)
    except PlatformError as error:
        raise click.ClickException(str(error)) from None
    click.echo(f"Every worker forgets {', '.join(touched)}; position {position}.")
