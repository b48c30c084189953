"""``flask permission``: ask for verdicts and keep the registry up to date."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from json import dumps
from typing import Annotated

import click
from flask.cli import AppGroup

from yoto.api.people import number_called
from yoto.cli.operations import command
from yoto.cli.options import Scope, ScopeId, resource_of
from yoto.errors import PlatformError
from yoto.extensions import permissions
from yoto.http.operation import Reason
from yoto.http.shapes import Between
from yoto.nodes import GLOBAL_KIND, MAX_ID
from yoto.operate.invalidation import invalidate as invalidate_target
from yoto.operate.targets import EVERYTHING, target_of

permission = AppGroup("permission", help="Ask for verdicts; keep the registry up to date.")

DENIED_EXIT = 1


@command(permission, "check <user> <name>")
def check(
    user: str, name: str, scope: Scope = GLOBAL_KIND, scope_id: ScopeId = None
) -> Iterator[str]:
    """Say whether USER (username or id) has permission NAME. Exit status 1 when denied."""
    decision = permissions.decide(user_id_of(user), name, *resource_of(scope, scope_id))
    yield f"{'allowed' if decision.allowed else 'denied'}: {decision.reason}"
    if not decision.allowed:
        sys.exit(DENIED_EXIT)


@command(permission, "list")
def list_permissions(group: Annotated[str | None, "Only this group."] = None) -> Iterator[str]:
    """Show the registered permissions."""
    for entry in permissions.list_registered_permissions():
        if group is None or entry.group == group:
            mark = f" abac, without a verdict: {entry.on_policy_error}" if entry.abac else ""
            yield f"{entry.bit:>5}  {entry.name:<28} {entry.scope:<8}{mark}"


@command(permission, "invalidate <user>")
def invalidate(
    reason: Reason,
    user: str | None = None,
    role: Annotated[int | None, Between(1, MAX_ID), "What was made from this role."] = None,
    all: Annotated[bool, "All verdicts."] = False,
) -> str:
    """Make every worker forget the verdicts about USER (username or id), a role, or all."""
    if sum((user is not None, role is not None, all)) != 1:
        raise click.UsageError("give USER, --role or --all")
    target = EVERYTHING
    if user is not None:
        target = target_of("user", user_id_of(user))
    elif role is not None:
        target = target_of("role", role)
    done = invalidate_target(target, False, reason)
    return f"Forgotten in every worker from position {done['position']} on."


@command(permission, "sync", writes=True)
def sync() -> str:
    """Register the code's permissions that are missing in the database."""
    added = permissions.sync_catalogue()
    return f"{len(added)} permissions added" + (f": {', '.join(added)}" if added else ".")


def user_id_of(user: str) -> int:
    """The id of a user given by id or username; ``application:3`` is a program, ``public`` an
    anonymous caller.

    Raises:
        click.ClickException: no user has that name, or can have that id.
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


def add_insight(group: AppGroup) -> None:
    """Add the command to ``flask permission``."""
    command(group, "explain <user> <name>")(explain)


def explain(
    user: str,
    name: str,
    scope: Scope = GLOBAL_KIND,
    scope_id: ScopeId = None,
    json: Annotated[bool, "As JSON."] = False,
) -> str:
    """Explain why USER (username or id) has or lacks permission NAME, and how to change that."""
    found = permissions.explain(user_id_of(user), name, *resource_of(scope, scope_id))
    return dumps(found.to_dict(), indent=2) if json else found.text
