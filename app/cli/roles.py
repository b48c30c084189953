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
from yoto.cli.options import Duration, Moment, at_resource, ending, resource_of, with_reason
from yoto.cli.permission import user_id_of
from yoto.http.fields import MAX_ID
from yoto.http.paging import Page
from yoto.nodes import NodeId
from yoto.permission import UNSET, node_of_text, subject_of_text, subject_text
from yoto.store.db import writing
from yoto.store.models import Effect, Role

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


at_node = click.option("--at", metavar="TYPE:ID", help="At this resource; else everywhere.")


def what_where(command: F) -> F:
    """Which permissions of a role, and in which scope."""
    for option in (
        at_resource,
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
    role_id: int, names: tuple[str, ...], scope: str, scope_id: str | None, reason: str
) -> None:
    """Let role ROLE_ID allow permissions in a scope."""
    _set(role_id, names, scope, scope_id, Effect.ALLOW, reason)


@roles.command("deny")
@what_where
@with_reason
def deny(
    role_id: int, names: tuple[str, ...], scope: str, scope_id: str | None, reason: str
) -> None:
    """Let role ROLE_ID deny permissions in a scope, whatever other roles allow there."""
    _set(role_id, names, scope, scope_id, Effect.DENY, reason)


@roles.command("clear")
@what_where
@with_reason
def clear(
    role_id: int, names: tuple[str, ...], scope: str, scope_id: str | None, reason: str
) -> None:
    """Remove what role ROLE_ID allows or denies in exactly this scope."""
    with acting(), writing():
        place = resource_of(scope, scope_id)
        permissions.revoke_permissions_from_role(role_id, names, *place, reason=reason)
    click.echo(f"Role {role_id} has no grant of {', '.join(names)} {_place(scope, scope_id)}.")


@roles.command("assign")
@of_role
@of_user
@at_node
@click.option("--from", "valid_from", type=Moment(), help="From when; else at once.")
@click.option("--until", "valid_until", type=Moment(), help="Until when; else for good.")
@click.option("--for", "seconds", type=Duration(), help="How long from now, such as 8h.")
@with_reason
def assign(
    role_id: int,
    user: str,
    at: str | None,
    valid_from: datetime | None,
    valid_until: datetime | None,
    seconds: float | None,
    reason: str,
) -> None:
    """Assign role ROLE_ID to USER; one that is held there already gets the new window.

    USER is a username or an id, or else application:3, team:5, everyone:TYPE:ID or public.
    """
    if seconds is not None and valid_until is not None:
        raise click.UsageError("give --until or --for")
    until = valid_until or ending(seconds)
    with acting(), writing():
        node = None if at is None else node_of_text(at, "at")
        permissions.assign(_subject(user), role_id, node, valid_from, until, reason=reason)
    click.echo(f"{user} holds role {role_id}{_at(at)}{_window(valid_from, until)}.")


@roles.command("unassign")
@of_role
@of_user
@at_node
@with_reason
def unassign(role_id: int, user: str, at: str | None, reason: str) -> None:
    """Remove role ROLE_ID from USER, who is named as for "assign"."""
    with acting(), writing():
        node = None if at is None else node_of_text(at, "at")
        permissions.unassign(_subject(user), role_id, node, reason=reason)
    click.echo(f"{user} holds role {role_id}{_at(at)} no more.")


@roles.command("held")
@click.argument("node", metavar="TYPE:ID")
def held(node: str) -> None:
    """Show who holds roles at a resource itself, teams and everybody as such."""
    with acting():
        for one in permissions.holders(*node_of_text(node, "at")):
            window = _window(one.valid_from, one.valid_until)
            click.echo(f"  {subject_text(one.subject)} holds role {one.role_id}{window}")


@roles.command("inherit")
@of_role
@click.argument("parent_id", type=ROW_ID)
@click.option("--no-more", is_flag=True, help="It does not any more.")
@with_reason
def inherit(role_id: int, parent_id: int, no_more: bool, reason: str) -> None:
    """Let role ROLE_ID inherit from PARENT_ID, too: a role may have several parents."""
    with acting(), writing():
        change_it = permissions.remove_role_parent if no_more else permissions.add_role_parent
        change_it(role_id, parent_id, reason=reason)
    click.echo(f"Role {role_id} inherits from {parent_id}{' no more' if no_more else ''}.")


@roles.command("overwrite")
@click.argument("node", metavar="TYPE:ID")
@click.argument("target", metavar="TARGET")
@click.option("--allow", multiple=True, help="A permission that they have there, and below.")
@click.option("--deny", multiple=True, help="A permission that they have not.")
@click.option("--clear", "gone", is_flag=True, help="Nothing is overwritten any more.")
@with_reason
def overwrite(
    node: str, target: str, allow: tuple[str, ...], deny: tuple[str, ...], gone: bool, reason: str
) -> None:
    """Set all overwrites of TARGET at a resource: role:9, team:5, application:3 or a username."""
    if gone == bool(allow or deny):
        raise click.UsageError("give --allow and --deny, or --clear")
    with acting(), writing():
        at = node_of_text(node, "at")
        if gone:
            permissions.clear_overwrite(at=at, **_target(target), reason=reason)
        else:
            permissions.set_overwrite(
                at=at, **_target(target), allow=allow, deny=deny, reason=reason
            )
    click.echo(f"{target} at {node}: {'nothing is overwritten' if gone else 'overwritten'}.")


def _set(
    role_id: int,
    names: tuple[str, ...],
    scope: str,
    scope_id: str | None,
    effect: Effect,
    reason: str,
) -> None:
    with acting(), writing():
        place = resource_of(scope, scope_id)
        permissions.assign_permissions_to_role(role_id, names, *place, effect, reason=reason)
    click.echo(f"Role {role_id} {DOES[effect]} {', '.join(names)} {_place(scope, scope_id)}.")


def _all(read: Callable[..., Page[T]], role_id: int, key: Callable[[T], int]) -> list[T]:
    found: list[T] = []
    more = True
    while more:
        page = read(role_id, after=key(found[-1]) if found else None, limit=PAGE)
        found += page.items
        more = page.next is not None
    return found


def _subject(text: str) -> Any:
    """Who is named: a person by username or id, or another subject."""
    is_set = text == "public" or text.partition(":")[0] in ("application", "team", "everyone")
    return subject_of_text(text, "user") if is_set else user_id_of(text)


def _target(text: str) -> dict[str, Any]:
    """Whom an overwrite is about, as the permission system takes it."""
    kind, separator, digits = text.partition(":")
    if separator and kind in ("role", "team"):
        return {f"{kind}_id": ROW_ID.convert(digits, None, None)}
    return {"user_id": _subject(text)}


def _at(at: str | None) -> str:
    return "" if at is None else f" at {at}"


def _line(role_id: int, name: str, position: int, parent_id: int | None, active: bool) -> str:
    parent = "" if parent_id is None else f", inherits from {parent_id}"
    return f"{role_id:>6}  {name}, position {position}{parent}{'' if active else ', inactive'}"


def _said(grant: Grant, what: str) -> str:
    return f"{DOES[grant.effect]} {what} {_place(grant.scope, grant.scope_id)}"


def _place(scope: str, scope_id: NodeId | None) -> str:
    return "wherever it is held" if scope_id is None else f"in {scope} {scope_id}"


def _window(start: datetime | None, end: datetime | None) -> str:
    since = "" if start is None else f" from {start.isoformat(timespec='minutes')}"
    until = "" if end is None else f" until {end.isoformat(timespec='minutes')}"
    return since + until
