"""``flask roles``: make roles, grant them permissions, assign and remove them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any, TypeVar

import click
from flask.cli import AppGroup

from app.blueprints.roles import service
from app.blueprints.roles.grants import service as grants
from app.blueprints.roles.grants.service import Grant
from app.blueprints.roles.holders import service as holders
from app.blueprints.roles.schemas import HIGHEST, LOWEST
from app.extensions import permissions
from yoto.api.rows import existing
from yoto.cli.acts import acting
from yoto.cli.control.telling import ending
from yoto.cli.options import Duration, Moment, with_reason
from yoto.cli.permission import user_id_of
from yoto.http.fields import MAX_ID
from yoto.http.paging import Page
from yoto.permission import UNSET
from yoto.store.db import writing
from yoto.store.models import Effect, Role, ScopeType

T = TypeVar("T")
F = TypeVar("F", bound=Callable[..., Any])

PAGE = 500  # rows read at a time
DOES = {Effect.ALLOW: "allows", Effect.DENY: "denies"}

roles = AppGroup("roles", help="Make roles, grant them permissions, assign and remove them.")

ROW_ID = click.IntRange(1, MAX_ID)
POSITION = click.IntRange(LOWEST, HIGHEST)
of_role = click.argument("role_id", type=ROW_ID)
of_user = click.argument("user")
of_server = click.option(
    "--server", "server_id", type=ROW_ID, help="Of this server; else the global ones."
)


def what_where(command: F) -> F:
    """Which permissions of a role, and in which scope."""
    for option in (
        click.option("--scope-id", type=ROW_ID, help="The server or channel."),
        click.option(
            "--scope",
            type=click.Choice([scope.value for scope in ScopeType]),
            default=ScopeType.GLOBAL.value,
            help="Where; 'global', the default, is wherever the role is held.",
        ),
        click.argument("names", metavar="PERMISSION...", nargs=-1, required=True),
        of_role,
    ):
        command = option(command)
    return command


@roles.command("list")
@of_server
def list_roles(server_id: int | None) -> None:
    """Show the roles of a server, or the global ones, highest first."""
    with acting():
        for role in permissions.list_registered_roles(server_id):
            click.echo(_line(role.id, role.name, role.position, role.parent_id, role.active))


@roles.command("show")
@of_role
def show(role_id: int) -> None:
    """Show what role ROLE_ID allows and denies by itself, and who holds it."""
    with acting():
        role = existing(Role, role_id)
        click.echo(_line(role.id, role.name, role.position, role.parent_id, role.active))
        for grant in _all(grants.grants_of, role_id, lambda grant: grant.id):
            click.echo(f"  {_said(grant, str(grant.permission))}")
        for grant in _all(grants.group_grants_of, role_id, lambda grant: grant.id):
            click.echo(f"  {_said(grant, f'the group {grant.group}')}")
        for holder in _all(holders.holders_of, role_id, lambda holder: holder.user.id):
            window = _window(holder.valid_from, holder.valid_until)
            click.echo(f"  held by {holder.user.username} ({holder.user.id}){window}")


@roles.command("create")
@click.argument("name")
@of_server
@click.option("--parent", "parent_id", type=ROW_ID, help="The role that it inherits from.")
@click.option("--position", type=POSITION, default=LOWEST, help="Its rank; higher is above.")
@click.option("--inactive", is_flag=True, help="It gives nothing until it is made active.")
@with_reason
def create(
    name: str,
    server_id: int | None,
    parent_id: int | None,
    position: int,
    inactive: bool,
    reason: str,
) -> None:
    """Make a role called NAME."""
    fields = {"name": name, "parent_id": parent_id, "position": position, "active": not inactive}
    with acting(), writing():
        role = service.make_role(None, server_id, fields | {"reason": reason})
        click.echo(f"Role {role.id} is {role.name}.")


@roles.command("change")
@of_role
@click.option("--name", help="What it is called.")
@click.option("--parent", "parent_id", type=ROW_ID, help="The role that it inherits from.")
@click.option("--no-parent", is_flag=True, help="It inherits from none.")
@click.option("--position", type=POSITION, help="Its rank; higher is above.")
@click.option("--active/--inactive", default=None, help="Whether it gives anything.")
@with_reason
def change(
    role_id: int,
    name: str | None,
    parent_id: int | None,
    no_parent: bool,
    position: int | None,
    active: bool | None,
    reason: str,
) -> None:
    """Change what is given of role ROLE_ID."""
    if no_parent and parent_id is not None:
        raise click.UsageError("give --parent or --no-parent")
    if not no_parent and (name, parent_id, position, active) == (None, None, None, None):
        raise click.UsageError("give at least one of what is to change")
    with acting(), writing():
        permissions.update_role(
            role_id,
            name=UNSET if name is None else name,
            position=UNSET if position is None else position,
            parent=UNSET if parent_id is None and not no_parent else parent_id,
            active=UNSET if active is None else active,
            reason=reason,
        )
        role = existing(Role, role_id)
        click.echo(_line(role.id, role.name, role.position, role.parent_id, role.active))


@roles.command("delete")
@of_role
@with_reason
def delete(role_id: int, reason: str) -> None:
    """Delete role ROLE_ID with its grants, and remove it from all who hold it."""
    with acting(), writing():
        permissions.delete_role(role_id, reason=reason)
    click.echo(f"Role {role_id} is deleted.")


@roles.command("allow")
@what_where
@with_reason
def allow(
    role_id: int, names: tuple[str, ...], scope: str, scope_id: int | None, reason: str
) -> None:
    """Let role ROLE_ID allow permissions in a scope."""
    _set(role_id, names, scope, scope_id, Effect.ALLOW, reason)


@roles.command("deny")
@what_where
@with_reason
def deny(
    role_id: int, names: tuple[str, ...], scope: str, scope_id: int | None, reason: str
) -> None:
    """Let role ROLE_ID deny permissions in a scope, whatever other roles allow there."""
    _set(role_id, names, scope, scope_id, Effect.DENY, reason)


@roles.command("clear")
@what_where
@with_reason
def clear(
    role_id: int, names: tuple[str, ...], scope: str, scope_id: int | None, reason: str
) -> None:
    """Remove what role ROLE_ID allows or denies in exactly this scope."""
    with acting(), writing():
        permissions.revoke_permissions_from_role(role_id, names, scope, scope_id, reason=reason)
    click.echo(f"Role {role_id} has no grant of {', '.join(names)} {_place(scope, scope_id)}.")


@roles.command("assign")
@of_role
@of_user
@click.option("--from", "valid_from", type=Moment(), help="From when; else at once.")
@click.option("--until", "valid_until", type=Moment(), help="Until when; else for good.")
@click.option("--for", "seconds", type=Duration(), help="How long from now, such as 8h.")
@with_reason
def assign(
    role_id: int,
    user: str,
    valid_from: datetime | None,
    valid_until: datetime | None,
    seconds: float | None,
    reason: str,
) -> None:
    """Assign role ROLE_ID to USER (username or id); one already held gets the new window."""
    if seconds is not None and valid_until is not None:
        raise click.UsageError("give --until or --for")
    until = valid_until or ending(seconds)
    with acting(), writing():
        permissions.assign_roles_to_user(
            user_id_of(user), [role_id], None, valid_from, until, reason=reason
        )
    click.echo(f"{user} holds role {role_id}{_window(valid_from, until)}.")


@roles.command("unassign")
@of_role
@of_user
@with_reason
def unassign(role_id: int, user: str, reason: str) -> None:
    """Remove role ROLE_ID from USER (username or id)."""
    with acting(), writing():
        permissions.revoke_roles_from_user(user_id_of(user), [role_id], reason=reason)
    click.echo(f"{user} holds role {role_id} no more.")


def _set(
    role_id: int,
    names: tuple[str, ...],
    scope: str,
    scope_id: int | None,
    effect: Effect,
    reason: str,
) -> None:
    with acting(), writing():
        permissions.assign_permissions_to_role(
            role_id, names, scope, scope_id, effect, reason=reason
        )
    click.echo(f"Role {role_id} {DOES[effect]} {', '.join(names)} {_place(scope, scope_id)}.")


def _all(read: Callable[..., Page[T]], role_id: int, key: Callable[[T], int]) -> list[T]:
    found: list[T] = []
    more = True
    while more:
        page = read(role_id, after=key(found[-1]) if found else None, limit=PAGE)
        found += page.items
        more = page.next is not None
    return found


def _line(role_id: int, name: str, position: int, parent_id: int | None, active: bool) -> str:
    parent = "" if parent_id is None else f", inherits from {parent_id}"
    return f"{role_id:>6}  {name}, position {position}{parent}{'' if active else ', inactive'}"


def _said(grant: Grant, what: str) -> str:
    return f"{DOES[grant.effect]} {what} {_place(grant.scope.value, grant.scope_id)}"


def _place(scope: str, scope_id: int | None) -> str:
    return "wherever it is held" if scope_id is None else f"in {scope} {scope_id}"


def _window(start: datetime | None, end: datetime | None) -> str:
    since = "" if start is None else f" from {start.isoformat(timespec='minutes')}"
    until = "" if end is None else f" until {end.isoformat(timespec='minutes')}"
    return since + until
