"""``flask locks``: see which distributed locks are held, and take one away."""

from __future__ import annotations

from typing import Any

import click
from flask.cli import AppGroup

from yoto.cli.acts import acting
from yoto.cli.options import as_json, echo_json, with_reason
from yoto.control_plane.locks import service
from yoto.control_plane.locks.schemas import LIMIT_DEFAULT, LIMIT_MAX

locks = AppGroup("locks", help="See which distributed locks are held, and take one away.")


@locks.command("list")
@click.option(
    "--limit", type=click.IntRange(1, LIMIT_MAX), default=LIMIT_DEFAULT, show_default=True
)
@as_json
def list_locks(limit: int, as_json: bool) -> None:
    """Show locks held for a second or more, in all workers, the longest held first."""
    with acting():
        found = service.locks(limit)
    if as_json:
        echo_json(found)
        return
    for one in found["items"]:
        click.echo(_line(one))
    if found["truncated"]:
        click.echo(f"{found['told'] - limit} more were told of: --limit")
    if not found["items"]:
        click.echo("No lock has been held for a second.")


@locks.command("show")
@click.argument("name")
def show(name: str) -> None:
    """Show one lock, however briefly it is held."""
    with acting():
        found = service.lock(name)
    click.echo(f"{name}: nobody holds it" if found is None else _line(found))


@locks.command("release")
@click.argument("name")
@click.option("--token", type=click.IntRange(1), required=True, help="Of the holder you saw.")
@with_reason
def release(name: str, token: int, reason: str) -> None:
    """Take lock NAME away from the holder with that token; one that came later keeps it.

    The holder learns of it when it renews or gives back; its later fenced writes are refused.
    """
    with acting():
        service.release(name, token, reason)
    click.echo(f"{name} was taken away from token {token}.")


def _line(one: dict[str, Any]) -> str:
    held = "" if one["held_s"] is None else f" for {one['held_s']:.1f} s"
    return (
        f"{one['name']}: token {one['token']}, held by {one['holder'] or 'unknown'}{held}, "
        f"lease ends in {one['lease_left_s']:.1f} s, {one['waiting']} waiting"
    )
