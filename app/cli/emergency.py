"""``flask emergency``: emergency access and emergencies, from the shell of the machine."""

from __future__ import annotations

import click
from flask.cli import AppGroup

from app.blueprints.emergency import service as emergencies
from yoto.cli.acts import acting
from yoto.cli.permission import user_id_of
from yoto.store.db import writing

emergency = AppGroup("emergency", help="Emergency access, and emergencies.")


@emergency.command("take")
@click.argument("user")
@click.option("--minutes", type=int, required=True, help="1 to 60.")
@click.option("--reason", required=True, help="10 to 500 characters.")
def take(user: str, minutes: int, reason: str) -> None:
    """Give USER (username or id) emergency access."""
    with acting(), writing():
        taken = emergencies.take(user_id_of(user), reason, minutes, actor_id=None)
    click.echo(f"Emergency access {taken.id} holds until {taken.until.isoformat()}.")


@emergency.command("end")
@click.argument("access_id", type=int)
def end(access_id: int) -> None:
    """End emergency access ACCESS_ID."""
    with acting(), writing():
        emergencies.end(access_id, actor_id=None)
    click.echo(f"Emergency access {access_id} is over.")


@emergency.command("list")
def list_access() -> None:
    """Show who took emergency access lately, newest first."""
    with acting():
        recent = emergencies.recent()
    for taken in recent:
        until = taken.ended_at or taken.until
        click.echo(
            f"{taken.id:>6}  user {taken.user_id}  {taken.taken_at.isoformat()} to "
            f"{until.isoformat()}  {taken.reason}"
        )


@emergency.command("declare")
@click.argument("state", type=click.Choice(["on", "off"]))
@click.option("--reason", required=True, help="10 to 500 characters.")
def declare(state: str, reason: str) -> None:
    """Declare an emergency, or that it is over."""
    with acting(), writing():
        emergencies.declare(state == "on", reason, actor_id=None)
    click.echo(f"Emergency: {state}.")
