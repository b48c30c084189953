"""``flask permission review``: people with a permission, and changes of that."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from datetime import datetime
from itertools import chain
from typing import Annotated, Any, Literal

import click
from flask.cli import AppGroup

from yoto.cli.operations import command
from yoto.cli.options import Moment, Scope, ScopeId, resource_of
from yoto.http.files import csv_lines
from yoto.nodes import GLOBAL_KIND, NodeId
from yoto.rooms.review.report import (
    ACCESS_COLUMNS,
    DIFFERENCE_COLUMNS,
    AccessLine,
    access_rows,
    difference_rows,
)
from yoto.rooms.review.reviewing import REVIEWING

PAGE = 500  # users read at a time
GAP = "  "
UNASKED = (
    "People may be missing: some are not known yet, or the application was never asked which roles "
    "they hold."
)


questions = AppGroup("permission")


@command(questions, "review <name>", form="format")
def review(
    name: str,
    scope: Scope = GLOBAL_KIND,
    scope_id: ScopeId = None,
    since: Annotated[
        datetime | None, Moment(), "Who gained and who lost it since, instead."
    ] = None,
    until: Annotated[
        datetime | None, Moment(), "With --since: up to then; by default until now."
    ] = None,
    form: Annotated[Literal["table", "json", "csv"], "Of it."] = "table",
) -> None:
    """Show people with permission NAME, since when and by what; with --since: the changes."""
    if until is not None and since is None:
        raise click.UsageError("--until needs --since")
    if since is None:
        _show_access(_everybody(name, *resource_of(scope, scope_id)), form)
    else:
        _show_difference(name, *resource_of(scope, scope_id), since, until, form)


def _everybody(name: str, scope: str, scope_id: NodeId | None) -> Iterator[AccessLine]:
    after: int | None = 0
    incomplete = None
    while after is not None:
        page = REVIEWING.who_can(name, scope, scope_id, after=after, limit=PAGE)
        yield from page.lines
        after, incomplete = page.next_after, incomplete or page.incomplete
    if incomplete is not None:
        # On standard error, since programs read standard output.
        click.echo(UNASKED, err=True)


def _show_access(lines: Iterator[AccessLine], form: str) -> None:
    if form == "json":
        click.echo(json.dumps([line.to_dict() for line in lines], indent=2))
        return
    _show_rows(ACCESS_COLUMNS, chain.from_iterable(map(access_rows, lines)), form)


def _show_difference(
    name: str,
    scope: str,
    scope_id: NodeId | None,
    since: datetime,
    until: datetime | None,
    form: str,
) -> None:
    found = REVIEWING.difference(name, scope, scope_id, since=since, until=until)
    if form == "json":
        click.echo(json.dumps(found.to_dict(), indent=2))
    else:
        _show_rows(DIFFERENCE_COLUMNS, difference_rows(found), form)


def _show_rows(columns: Sequence[str], rows: Iterator[tuple[Any, ...]], form: str) -> None:
    if form == "csv":
        for text in csv_lines(columns, rows):
            click.echo(text, nl=False)
        return
    cells = [list(columns), *([_shown(cell) for cell in row] for row in rows)]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    for line in cells:
        padded = (cell.ljust(width) for cell, width in zip(line, widths, strict=True))
        click.echo(GAP.join(padded).rstrip())


def _shown(cell: Any) -> str:
    return "-" if cell is None else str(cell)
