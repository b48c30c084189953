"""``flask control audit``."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import click
from flask.cli import AppGroup, with_appcontext

from yoto.api.admin.audit import service
from yoto.api.admin.audit.service import Record
from yoto.cli.acts import acting
from yoto.control_plane.audit.schemas import AREAS
from yoto.control_plane.audit.views import json_lines
from yoto.moments import moment

MOMENT = click.DateTime(["%Y-%m-%d", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%d %H:%M:%S"])


def add_audit(group: AppGroup) -> None:
    """Add it to ``flask control``."""
    group.add_command(audit)


@click.command("audit")
@click.option("--actor", help="Only what this username did.")
@click.option(
    "--area", type=click.Choice(list(AREAS)), help="Only what this is about; without it everything."
)
@click.option("--action", help="Only acts that begin so, such as 'alert.'.")
@click.option("--subject", help="Only what was done to this, such as 'role:9'.")
@click.option("--server", "server_id", type=int, help="Only in this server.")
@click.option("--from", "since", type=MOMENT, help="Only from this time (UTC) on.")
@click.option("--to", "until", type=MOMENT, help="Only before this time (UTC).")
@click.option("--limit", type=click.IntRange(1, 1000), default=50, show_default=True)
@click.option("--export", is_flag=True, help="All of them, as a JSON array.")
@with_appcontext
def audit(limit: int, export: bool, action: str | None, area: str | None, **query: Any) -> None:
    """Show who changed what, newest first."""
    query |= {"action_prefix": action, "families": None if area is None else AREAS[area]}
    for name in ("since", "until"):
        if query[name] is not None:
            query[name] = _utc(query[name])
    with acting():
        if export:
            for line in json_lines(service.all_records(**query)):
                click.echo(line, nl=False)
            return
        page = service.records(after=None, limit=limit, **query)
        for record in page.items:
            click.echo(_line(record))
        if page.next is not None:
            click.echo(f"There are older ones; ask for more than {limit}, or with --to.")


def _line(record: Record) -> str:
    who = record.actor.username if record.actor is not None else _other(record)
    change = "".join(
        f"  {mark} {json.dumps(value, ensure_ascii=False)}"
        for mark, value in (("-", record.before), ("+", record.after))
        if value is not None
    )
    reason = f"  ({record.reason})" if record.reason else ""
    return f"{moment(record.at)}  {who}  {record.action}  {record.subject}{reason}{change}"


def _other(record: Record) -> str:
    after = record.after if isinstance(record.after, dict) else {}
    return str(after.get("author", "system"))


def _utc(moment: datetime) -> datetime:
    return moment.replace(tzinfo=UTC)
