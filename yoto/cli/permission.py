"""``flask permission``: ask for verdicts and keep the registry up to date."""

from __future__ import annotations

import sys

import click
from flask.cli import AppGroup

from yoto.api.people import number_called
from yoto.cli.acts import acting
from yoto.cli.options import at_resource, resource_of, with_reason
from yoto.errors import PlatformError
from yoto.extensions import permissions
from yoto.http.fields import MAX_ID
from yoto.operate.invalidation import invalidate as invalidate_target
from yoto.operate.targets import EVERYTHING, target_of
from yoto.store.db import writing

permission = AppGroup("permission", help="Ask for verdicts; keep the registry up to date.")

DENIED_EXIT = 1


@permission.command("check")
@click.argument("user")
@click.argument("name")
@at_resource
def check(user: str, name: str, scope: str, scope_id: str | None) -> None:
    """Say whether USER (username or id) has permission NAME. Exit status 1 when denied."""
    try:
        decision = permissions.decide(user_id_of(user), name, *resource_of(scope, scope_id))
    except PlatformError as error:
        raise click.ClickException(str(error)) from None
    click.echo(f"{'allowed' if decision.allowed else 'denied'}: {decision.reason}")
    if not decision.allowed:
        sys.exit(DENIED_EXIT)


@permission.command("list")
@click.option("--group", help="Only this group.")
def list_permissions(group: str | None) -> None:
    """Show the registered permissions."""
    for entry in permissions.list_registered_permissions():
        if group is None or entry.group == group:
            mark = f" abac, without a verdict: {entry.on_policy_error}" if entry.abac else ""
            click.echo(f"{entry.bit:>5}  {entry.name:<28} {entry.scope:<8}{mark}")


@permission.command("invalidate")
@click.argument("user", required=False)
@click.option("--role", type=click.IntRange(1, MAX_ID), help="What was made from this role.")
@click.option("--all", "everything", is_flag=True, help="All verdicts.")
@with_reason
def invalidate(user: str | None, role: int | None, everything: bool, reason: str) -> None:
    """Let every worker forget the verdicts about USER (username or id), a role, or all."""
    if sum((user is not None, role is not None, everything)) != 1:
        raise click.UsageError("give USER, --role or --all")
    with acting():
        if user is not None:
            done = invalidate_target(target_of("user", user_id_of(user)), False, reason)
        elif role is not None:
            done = invalidate_target(target_of("role", role), False, reason)
        else:
            done = invalidate_target(EVERYTHING, False, reason)
    click.echo(f"Forgotten in every worker from position {done['position']} on.")


@permission.command("sync")
def sync() -> None:
    """Register the permissions that come with the code and that the database lacks."""
    with writing():
        added = permissions.sync_catalogue()
    click.echo(f"{len(added)} permissions added" + (f": {', '.join(added)}" if added else "."))


def user_id_of(user: str) -> int:
    """The id that ``user`` is, or whose username it is; of a program that of ``application:3``, of
    who is not signed in that of ``public``.

    Raises:
        click.ClickException: nobody has that name, or can have that id.
    """
    if user.isdecimal():
        return click.IntRange(1, MAX_ID).convert(int(user), None, None)
    try:
        found = number_called(user)
    except PlatformError as error:
        raise click.ClickException(str(error)) from None
    if found is None:
        raise click.ClickException(f"user: unknown user '{user}'")
    return found
