"""``flask roles``: make roles, grant them permissions, assign and remove them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Annotated, Any, TypeVar

import click
from flask.cli import AppGroup

from app.blueprints.roles.grants import Scoped, list_grants, list_group_grants
from app.blueprints.roles.holders import holders_of
from app.blueprints.roles.roles import HIGHEST, LOWEST, make_role
from app.extensions import permissions
from yoto.api.rows import existing
from yoto.cli.operations import command
from yoto.cli.options import Duration, Moment, RowId, Scope, ScopeId, ending, resource_of
from yoto.cli.permission import user_id_of
from yoto.errors import ValidationFailed
from yoto.http.operation import Reason
from yoto.http.paging import Page
from yoto.http.shapes import Between
from yoto.nodes import GLOBAL_KIND, MAX_ID, NodeId
from yoto.permission import UNSET, node_of_text, subject_of_text, subject_text
from yoto.store.columns import utcnow
from yoto.store.models import Effect, Role

T = TypeVar("T")

PAGE = 500  # rows read at a time
DOES = {Effect.ALLOW: "allows", Effect.DENY: "denies"}

roles = AppGroup("roles", help="Make roles, grant them permissions, assign and remove them.")

Server = Annotated[RowId | None, "Of this server; else the global ones."]
Parent = Annotated[RowId | None, "The role that it inherits from."]
Node = Annotated[str | None, "At this resource, TYPE:ID; else everywhere."]
WHAT = "<role_id> <names>"


@command(roles, "list", server_id="server")
def list_roles(server_id: Server = None) -> Iterator[str]:
    """Show the roles of a server, or the global ones, highest first."""
    yield from map(_line, permissions.list_registered_roles(_home(server_id)))


@command(roles, "show <role_id>")
def show(role_id: RowId) -> Iterator[str]:
    """Show what role ROLE_ID allows and denies by itself, and who holds it."""
    yield _line(existing(Role, role_id))
    for grant in _all(list_grants, role_id, lambda grant: grant.id):
        yield f"  {_grant_line(grant, grant.permission)}"
    for grant in _all(list_group_grants, role_id, lambda grant: grant.id):
        yield f"  {_grant_line(grant, f'the group {grant.group}')}"
    for holder in _all(holders_of, role_id, lambda holder: holder.user.id):
        window = _window(holder.valid_from, holder.valid_until)
        yield f"  held by {holder.user.username} ({holder.user.id}){window}"


@command(roles, "create <name>", writes=True, server_id="server", parent_id="parent")
def create(
    name: str,
    reason: Reason,
    server_id: Server = None,
    parent_id: Parent = None,
    position: Annotated[int, Between(LOWEST, HIGHEST), "Its rank; higher is above."] = LOWEST,
    inactive: Annotated[bool, "It gives nothing until it is made active."] = False,
) -> str:
    """Make a role called NAME."""
    role = make_role(None, server_id, name, parent_id, position, not inactive, reason)
    return f"Role {role.id} is {role.name}."


@command(roles, "change <role_id>", writes=True, parent_id="parent")
def change(
    role_id: RowId,
    reason: Reason,
    name: Annotated[str | None, "What it is called."] = None,
    parent_id: Parent = None,
    no_parent: Annotated[bool, "It inherits from none."] = False,
    position: Annotated[int | None, Between(LOWEST, HIGHEST), "Its rank; higher is above."] = None,
    active: Annotated[bool, "It gives what it has."] = False,
    inactive: Annotated[bool, "It gives nothing."] = False,
) -> str:
    """Change what is given of role ROLE_ID."""
    if no_parent and parent_id is not None:
        raise click.UsageError("give --parent or --no-parent")
    if active and inactive:
        raise click.UsageError("give --active or --inactive")
    if not (no_parent or active or inactive) and (name, parent_id, position) == (None, None, None):
        raise click.UsageError("give at least one of what is to change")
    permissions.update_role(
        role_id,
        name=UNSET if name is None else name,
        position=UNSET if position is None else position,
        parent=UNSET if parent_id is None and not no_parent else parent_id,
        active=active if active or inactive else UNSET,
        reason=reason,
    )
    return _line(existing(Role, role_id))


@command(roles, "delete <role_id>", writes=True)
def delete(role_id: RowId, reason: Reason) -> str:
    """Delete role ROLE_ID with its grants, and remove it from all who hold it."""
    permissions.delete_role(role_id, reason=reason)
    return f"Role {role_id} is deleted."


@command(roles, f"allow {WHAT}", writes=True)
def allow(
    role_id: RowId,
    names: tuple[str, ...],
    reason: Reason,
    scope: Scope = GLOBAL_KIND,
    scope_id: ScopeId = None,
) -> str:
    """Let role ROLE_ID allow permissions in a scope."""
    return _set(role_id, names, scope, scope_id, Effect.ALLOW, reason)


@command(roles, f"deny {WHAT}", writes=True)
def deny(
    role_id: RowId,
    names: tuple[str, ...],
    reason: Reason,
    scope: Scope = GLOBAL_KIND,
    scope_id: ScopeId = None,
) -> str:
    """Let role ROLE_ID deny permissions in a scope, whatever other roles allow there."""
    return _set(role_id, names, scope, scope_id, Effect.DENY, reason)


@command(roles, f"clear {WHAT}", writes=True)
def clear(
    role_id: RowId,
    names: tuple[str, ...],
    reason: Reason,
    scope: Scope = GLOBAL_KIND,
    scope_id: ScopeId = None,
) -> str:
    """Remove what role ROLE_ID allows or denies in exactly this scope."""
    place = resource_of(scope, scope_id)
    permissions.revoke_permissions_from_role(role_id, names, *place, reason=reason)
    return f"Role {role_id} has no grant of {', '.join(names)} {_place(scope, scope_id)}."


@command(
    roles,
    "assign <role_id> <user>",
    writes=True,
    valid_from="from",
    valid_until="until",
    seconds="for",
)
def assign(
    role_id: RowId,
    user: str,
    reason: Reason,
    at: Node = None,
    valid_from: Annotated[datetime | None, Moment(), "From when; else at once."] = None,
    valid_until: Annotated[datetime | None, Moment(), "Until when; else for good."] = None,
    seconds: Annotated[float | None, Duration(), "How long from now, such as 8h."] = None,
) -> str:
    """Assign role ROLE_ID to USER; one that is held there already gets the new window.

    USER is a username or an id, or else application:3, team:5, everyone:TYPE:ID or public.
    """
    if seconds is not None and valid_until is not None:
        raise click.UsageError("give --until or --for")
    until = valid_until or ending(seconds)
    if until is not None and until <= utcnow():
        raise ValidationFailed({"valid_until": "is in the past"})
    node = None if at is None else node_of_text(at, "at")
    permissions.assign(_subject(user), role_id, node, valid_from, until, reason=reason)
    return f"{user} holds role {role_id}{_at(at)}{_window(valid_from, until)}."


@command(roles, "unassign <role_id> <user>", writes=True)
def unassign(role_id: RowId, user: str, reason: Reason, at: Node = None) -> str:
    """Remove role ROLE_ID from USER, who is named as for "assign"."""
    node = None if at is None else node_of_text(at, "at")
    permissions.unassign(_subject(user), role_id, node, reason=reason)
    return f"{user} holds role {role_id}{_at(at)} no more."


@command(roles, "held <node>")
def held(node: str) -> Iterator[str]:
    """Show who holds roles at NODE (TYPE:ID) itself, teams and everybody as such."""
    for one in permissions.holders(*node_of_text(node, "at")):
        window = _window(one.valid_from, one.valid_until)
        yield f"  {subject_text(one.subject)} holds role {one.role_id}{window}"


@command(roles, "inherit <role_id> <parent_id>", writes=True)
def inherit(
    role_id: RowId,
    parent_id: RowId,
    reason: Reason,
    no_more: Annotated[bool, "It does not any more."] = False,
) -> str:
    """Let role ROLE_ID inherit from PARENT_ID, too: a role may have several parents."""
    change_it = permissions.remove_role_parent if no_more else permissions.add_role_parent
    change_it(role_id, parent_id, reason=reason)
    return f"Role {role_id} inherits from {parent_id}{' no more' if no_more else ''}."


@command(roles, "overwrite <node> <target>", writes=True)
def overwrite(
    node: str,
    target: str,
    reason: Reason,
    allow: Annotated[tuple[str, ...], "A permission that they have there, and below."] = (),
    deny: Annotated[tuple[str, ...], "A permission that they have not."] = (),
    clear: Annotated[bool, "Nothing is overwritten any more."] = False,
) -> str:
    """Set all overwrites of TARGET at NODE (TYPE:ID): role:9, team:5, application:3 or a
    username."""
    if clear == bool(allow or deny):
        raise click.UsageError("give --allow and --deny, or --clear")
    named: dict[str, Any] = {"at": node_of_text(node, "at"), **_target(target)}
    if clear:
        permissions.clear_overwrite(**named, reason=reason)
    else:
        permissions.set_overwrite(**named, allow=allow, deny=deny, reason=reason)
    return f"{target} at {node}: {'nothing is overwritten' if clear else 'overwritten'}."


def _set(
    role_id: int,
    names: tuple[str, ...],
    scope: str,
    scope_id: str | None,
    effect: Effect,
    reason: str,
) -> str:
    place = resource_of(scope, scope_id)
    permissions.assign_permissions_to_role(role_id, names, *place, effect, reason=reason)
    return f"Role {role_id} {DOES[effect]} {', '.join(names)} {_place(scope, scope_id)}."


def _all(read: Callable[..., Page[T]], role_id: int, key: Callable[[T], int]) -> list[T]:
    found: list[T] = []
    more = True
    while more:
        page = read(role_id, after=key(found[-1]) if found else None, limit=PAGE)
        found += page.items
        more = page.next is not None
    return found


def _subject(text: str) -> Any:
    """The subject of this text: a person by username or id, or another one."""
    is_set = text == "public" or text.partition(":")[0] in ("application", "team", "everyone")
    return subject_of_text(text, "user") if is_set else user_id_of(text)


def _target(text: str) -> dict[str, Any]:
    """The target of an overwrite, as the permission system takes it."""
    kind, separator, digits = text.partition(":")
    if separator and kind in ("role", "team"):
        return {f"{kind}_id": click.IntRange(1, MAX_ID).convert(digits, None, None)}
    return {"user_id": _subject(text)}


def _at(at: str | None) -> str:
    return "" if at is None else f" at {at}"


def _home(server_id: int | None) -> tuple[str, NodeId] | None:
    return None if server_id is None else ("server", server_id)


def _line(role: Any) -> str:
    parent = "" if role.parent_id is None else f", inherits from {role.parent_id}"
    active = "" if role.active else ", inactive"
    return f"{role.id:>6}  {role.name}, position {role.position}{parent}{active}"


def _grant_line(grant: Scoped, what: str) -> str:
    return f"{DOES[grant.effect]} {what} {_place(grant.scope, grant.scope_id)}"


def _place(scope: str, scope_id: NodeId | None) -> str:
    return "wherever it is held" if scope_id is None else f"in {scope} {scope_id}"


def _window(start: datetime | None, end: datetime | None) -> str:
    since = "" if start is None else f" from {start.isoformat(timespec='minutes')}"
    until = "" if end is None else f" until {end.isoformat(timespec='minutes')}"
    return since + until
