"""``flask permission explain``, ``replay``: why somebody may, or might, do something or not."""

from __future__ import annotations

import json
import sys

import click
from flask.cli import AppGroup, with_appcontext

from yoto.cli.options import at_resource, resource_of
from yoto.cli.permission import user_id_of
from yoto.errors import PlatformError
from yoto.extensions import permissions

ANOTHER_EXIT = 1


def add_insight(group: AppGroup) -> None:
    """Add the commands to ``flask permission``."""
    for command in (explain, replay):
        group.add_command(command)


@click.command("explain")
@click.argument("user")
@click.argument("name")
@at_resource
@click.option("--json", "as_json", is_flag=True, help="As JSON.")
@with_appcontext
def explain(user: str, name: str, scope: str, scope_id: str | None, as_json: bool) -> None:
    """Say why USER (username or id) has or lacks permission NAME, and what would turn it."""
    try:
        found = permissions.explain(user_id_of(user), name, *resource_of(scope, scope_id))
    except PlatformError as error:
        raise click.ClickException(str(error)) from None
    click.echo(json.dumps(found.to_dict(), indent=2) if as_json else found.text)


@click.command("replay")
@click.argument("record_id", type=int)
@with_appcontext
def replay(record_id: int) -> None:
    """Ask the question of decision record RECORD_ID again, and say what has changed since.

    Exit status 1 when the verdict is another one now, or nobody knows.
    """
    try:
        found = permissions.replay(record_id)
    except PlatformError as error:
        raise click.ClickException(str(error)) from None
    click.echo(found.text)
    if found.now is None or found.recorded[0] is not found.now[0]:
        sys.exit(ANOTHER_EXIT)
