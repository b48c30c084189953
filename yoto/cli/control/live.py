"""How the platform is, what happens in it, and the workers, from a terminal."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from typing import Any

import click
from flask.cli import AppGroup, with_appcontext

from yoto.cli.acts import acting
from yoto.cli.operations import group_of
from yoto.cli.options import as_json, echo_json, says_why
from yoto.control_plane.live import events as listing
from yoto.control_plane.live.filters import TypeFilter
from yoto.control_plane.live.pictures import pictures
from yoto.control_plane.live.schemas import EVENTS_MAX
from yoto.events import to_plain
from yoto.extensions import events as platform
from yoto.http.acts import record_act
from yoto.operate.instances import instances

FOLLOW_SECONDS = 0.5


def add_live(group: AppGroup) -> None:
    """Add the commands to ``flask control``."""
    for command in (status, list_events, clear_events, *group_of(instances).commands.values()):
        group.add_command(command)


@click.command("status")
@as_json
@with_appcontext
def status(as_json: bool) -> None:
    """Show every part of the platform, as this host sees it."""
    with acting():
        found = pictures().detailed()
    if as_json:
        echo_json(found)
        return
    for part in found["components"]:
        click.echo(f"{part['state']:<9} {part['name']:<28} {_value(part):>14}  {part['detail']}")
    click.echo(f"{found['overall']:<9} overall")
    for cause in found["headline"]["causes"]:
        click.echo(_cause(cause))
    state = found["headline"]["state"]
    click.echo("All systems normal" if state == "ok" else f"{state:<9} headline")


def _cause(cause: dict[str, Any]) -> str:
    """A cause of the headline as a line: which, who ordered it and why, since when, how long."""
    labels = " ".join(f"{name}={value}" for name, value in (cause["labels"] or {}).items())
    notes = [
        cause["detail"],
        f"by {cause['by']}" if cause["by"] else "",
        cause["reason"] or "",
        f"most: {cause['caller']}" if cause["caller"] else "",
        f"since {_moment(cause['since'])}" if cause["since"] else "",
        f"until {_moment(cause['until'])}" if cause["until"] else "",
    ]
    about = ", ".join(note for note in notes if note)
    named = " ".join(part for part in (cause["kind"], cause["name"], labels) if part)
    return f"{cause['state']:<9} {named}  {about}".rstrip()


@click.command("events")
@click.option("--type", "types", multiple=True, help="Such as alert.raised, or alert.* for all.")
@click.option("--after", help="In order after the event of this id, instead of the newest.")
@click.option("--limit", type=click.IntRange(1, EVENTS_MAX), default=50, show_default=True)
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
    with acting():
        wanted = listing.Wanted(TypeFilter(types, "type"))
        stream = platform.stream
        if export:
            for piece in listing.export(stream, wanted):
                click.echo(piece, nl=False)
            return
        if follow:
            _follow(wanted, after or stream.last_id(), as_json)
            return
        items, following = listing.page(stream, wanted, after, limit)
    if as_json:
        echo_json({"items": items, "next": following})
        return
    for item in items:
        click.echo(_line(item))
    if not items:
        click.echo("There are no such events.")
    if following is not None:
        click.echo(f"More with --after '{following}'.")


@click.command("clear-events")
@click.option("--up-to", help="Up to the event of this id, instead of the newest.")
@says_why
@with_appcontext
def clear_events(up_to: str | None, reason: str, actor: str) -> None:
    """Remove history; clients that read on from before are notified of a gap."""
    with acting():
        found = listing.last_to_clear(platform.stream, up_to)
        record_act("events.clear", "events", reason=reason, after={"up_to": found, "by": actor})
        removed = listing.clear(platform.stream, found, actor, reason)
    click.echo(f"{removed} events up to {found} were removed.")


def _follow(wanted: listing.Wanted, after: str, as_json: bool) -> None:
    while True:
        for stored in platform.stream.read(after):
            after = stored.id
            if wanted.has(stored):
                item = to_plain(stored)
                if as_json:
                    echo_json(item)
                else:
                    click.echo(_line(item))
        time.sleep(FOLLOW_SECONDS)


def _moment(ms: int) -> str:
    return datetime.fromtimestamp(ms / 1000, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")


def _line(item: dict[str, Any]) -> str:
    at = _moment(item["at"])
    data = item["data"] if isinstance(item["data"], dict) else {"data": item["data"]}
    told = " ".join(f"{name}={value}" for name, value in data.items() if value not in ("", None))
    return f"{item['id']}  {at}  {item['type']}  {told}"


def _value(part: dict[str, Any]) -> str:
    if part["value"] is None:
        return ""
    unit = "" if part["unit"] in (None, "count", "ratio") else f" {part['unit']}"
    return f"{part['value']:.4g}{unit}"
