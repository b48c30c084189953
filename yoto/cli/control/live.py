"""How the platform is, what happens in it, and the workers, from a terminal."""

from __future__ import annotations

import time
from typing import Any

import click
from flask.cli import AppGroup, with_appcontext

from yoto.cli.acts import acting
from yoto.cli.operations import group_of
from yoto.cli.options import as_json, echo_json
from yoto.events import to_plain
from yoto.extensions import events as platform
from yoto.http.files import json_array
from yoto.moments import at_ms, moment
from yoto.operate.instances import instances
from yoto.operate.live import events
from yoto.operate.live.status import status

FOLLOW_SECONDS = 0.5


def add_live(group: AppGroup) -> None:
    """Add the commands to ``flask control``."""
    for command in (list_events, *group_of(status, events.events, instances).commands.values()):
        group.add_command(command)


@click.command("events")
@click.option("--type", "types", multiple=True, help="Such as alert.raised, or alert.* for all.")
@click.option("--after", help="In order after the event of this id, instead of the newest.")
@click.option("--limit", type=click.IntRange(1, events.EVENTS_MAX), default=50, show_default=True)
@click.option("--export", is_flag=True, help="All of them as one JSON array.")
@click.option("--follow", is_flag=True, help="Go on with those that come, until interrupted.")
@as_json
@with_appcontext
def list_events(
    types: tuple[str, ...],
    after: str | None,
    limit: int,
    export: bool,
    follow: bool,
    as_json: bool,
) -> None:
    """Show what happened, the newest first."""
    wanted = ",".join(types)
    with acting():
        if export:
            for piece in json_array(events.export_events(wanted)):
                click.echo(piece, nl=False)
            return
        if follow:
            _follow(wanted, after or platform.stream.last_id(), as_json)
            return
        found = events.list_events(wanted, after=after, limit=limit)
    if as_json:
        echo_json(found)
        return
    for item in found["items"]:
        click.echo(_line(item))
    if not found["items"]:
        click.echo("There are no such events.")
    if found["next"] is not None:
        click.echo(f"More with --after '{found['next']}'.")


def _follow(types: str, after: str, as_json: bool) -> None:
    wanted = events.wanted_by(types)
    while True:
        for stored in platform.stream.read(after):
            after = stored.id
            if wanted.has(stored):
                item = to_plain(stored)
                echo_json(item) if as_json else click.echo(_line(item))
        time.sleep(FOLLOW_SECONDS)


def _line(item: Any) -> str:
    at = moment(at_ms(item["at"]))
    data = item["data"] if isinstance(item["data"], dict) else {"data": item["data"]}
    told = " ".join(f"{name}={value}" for name, value in data.items() if value not in ("", None))
    return f"{item['id']}  {at}  {item['type']}  {told}"
