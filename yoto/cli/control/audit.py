"""``flask control audit``."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Annotated

import click
from marshmallow.validate import OneOf

from yoto.api.audit import Record
from yoto.cli.control.group import control
from yoto.cli.operations import command
from yoto.http.declared import CSV, FORMATS, JSON
from yoto.http.files import csv_lines, json_array
from yoto.http.shapes import Between, schema_of
from yoto.moments import moment
from yoto.operate.audit import (
    AREAS,
    COLUMNS,
    AuditFilter,
    export_audit_records,
    list_audit_records,
    row_of,
)

MOMENT = click.DateTime(["%Y-%m-%d", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%d %H:%M:%S"])


@command(control, "audit", server_id="server", since="from", until="to")
def audit(
    actor: Annotated[str | None, "Only what this username did."] = None,
    area: Annotated[
        str | None, OneOf(list(AREAS)), "Only what this is about; without it everything."
    ] = None,
    action: Annotated[str | None, "Only acts that begin so, such as 'alert.'."] = None,
    subject: Annotated[str | None, "Only what was done to this, such as 'role:9'."] = None,
    server_id: Annotated[int | None, "Only in this server."] = None,
    since: Annotated[datetime | None, MOMENT, "Only from this time (UTC) on."] = None,
    until: Annotated[datetime | None, MOMENT, "Only before this time (UTC)."] = None,
    limit: Annotated[int, Between(1, 1000)] = 50,
    export: Annotated[bool, "All of them, as a file."] = False,
    format: Annotated[str, OneOf(FORMATS), "The form of the file."] = JSON,
) -> Iterator[str]:
    """Show changes with their authors, newest first."""
    wanted: AuditFilter = {
        "actor_id": None,
        "actor": actor,
        "action": action,
        "area": area,
        "subject": subject,
        "server_id": server_id,
        "since": since and since.replace(tzinfo=UTC),
        "until": until and until.replace(tzinfo=UTC),
    }
    if export and format == CSV:
        lines = csv_lines(COLUMNS, map(row_of, export_audit_records(**wanted)))
        yield from (line.rstrip("\r\n") for line in lines)
        return
    if export:
        found = export_audit_records(**wanted)
        yield from (piece.strip("\n") for piece in json_array(map(schema_of(Record)().dump, found)))
        return
    page = list_audit_records(None, limit, **wanted)
    yield from map(_line, page.items)
    if page.next is not None:
        yield f"There are older ones; ask for more than {limit}, or with --to."


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
