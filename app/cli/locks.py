"""``flask locks``: see which distributed locks are held, and take one away."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict

import click
from flask.cli import AppGroup

from app.cli.acts import record
from app.cli.options import as_json, echo_json
from app.core.errors import LockChanged, PlatformError
from app.core.optimization import DistributedLocks, LockStanding
from app.extensions import optimization

locks = AppGroup("locks", help="See which distributed locks are held, and take one away.")


@contextmanager
def _using() -> Iterator[DistributedLocks]:
    """The locks for one command; errors of the platform become errors of the command."""
    try:
        yield optimization.locks
    except PlatformError as error:
        raise click.ClickException(str(error)) from None


@locks.command("list")
@click.option("--limit", type=click.IntRange(1, 200), default=100, show_default=True)
@as_json
def list_locks(limit: int, as_json: bool) -> None:
    """Show locks held for a second or more, in all workers, the longest held first."""
    with _using() as current:
        found, told = current.standings(limit)
    if as_json:
        echo_json([asdict(one) for one in found])
        return
    for one in found:
        click.echo(_line(one))
    if told > limit:
        click.echo(f"{told - limit} more were told of: --limit")
    if not found:
        click.echo("No lock has been held for a second.")


@locks.command("show")
@click.argument("name")
def show(name: str) -> None:
    """Show one lock, however briefly it is held."""
    with _using() as current:
        found = current.standing(name)
    click.echo(f"{name}: nobody holds it" if found is None else _line(found))


@locks.command("release")
@click.argument("name")
@click.option("--token", type=click.IntRange(1), required=True, help="Of the holder you saw.")
@click.option("--reason", required=True, help="Why; it is audited.")
def release(name: str, token: int, reason: str) -> None:
    """Take lock NAME away from the holder with that token; one that came later keeps it.

    The holder learns of it when it renews or gives back; its later fenced writes are refused.
    """
    with _using() as current:
        held = current.standing(name)
        if held is None or held.view.token != token:
            raise LockChanged(name, token, held)
        record("lock.release", f"lock:{name}", reason, before=asdict(held))
        if not current.force_release(name, token, reason):
            raise LockChanged(name, token, current.standing(name))
    click.echo(f"{name} was taken away from token {token}.")


def _line(one: LockStanding) -> str:
    view = one.view
    held = "" if one.held_for is None else f" for {one.held_for:.1f} s"
    return (
        f"{view.key}: token {view.token}, held by {one.holder or 'unknown'}{held}, "
        f"lease ends in {view.ends_in:.1f} s, {view.waiting} waiting"
    )
