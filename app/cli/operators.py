"""``flask control operators``."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any

import click
from flask.cli import AppGroup

from app.blueprints.operator_roles import OperatorRole, operator_roles
from app.blueprints.operators.accounts import listing, service
from yoto.cli.operations import command
from yoto.cli.options import Duration, ending
from yoto.http.paging import PAGE_DEFAULT, Page
from yoto.moments import moment
from yoto.operate.operation import Author, Limit, Reason

operators = AppGroup("operators", help="See and change who may steer the platform.")

UserId = Annotated[int, click.IntRange(1)]
RoleId = Annotated[int, click.IntRange(1)]


def _page(page: Page[Any], **given: Any) -> Iterator[str]:
    yield from map(_line, page.items)
    if page.next is not None:
        yield f"More with --after {page.next}."


def _roles(found: list[OperatorRole]) -> Iterator[str]:
    for role in found:
        off = "" if role.active else " (inactive)"
        yield f"{role.id:>6}  {role.name}{off}: {', '.join(role.rights)}"


@command(operators, "list", _page)
def list_operators(
    after: Annotated[int | None, "Continue behind the account of this number."] = None,
    limit: Limit = PAGE_DEFAULT,
) -> Page[Any]:
    """Show everybody who was given a right on the platform."""
    return listing.listed(after, limit)


@command(operators, "roles", _roles)
def list_roles() -> list[OperatorRole]:
    """Show the global roles that give such rights."""
    return list(operator_roles().values())


@command(operators, "grant <username> <role_id>", seconds="for")
def grant(
    username: str,
    role_id: RoleId,
    reason: Reason,
    by: Author,
    seconds: Annotated[float | None, Duration(), "How long, such as 8h; else for good."] = None,
) -> str:
    """Give USERNAME the role ROLE_ID."""
    return _line(service.grant(username, role_id, ending(seconds), by, reason))


@command(operators, "revoke <user_id> <role_id>")
def revoke(user_id: UserId, role_id: RoleId, reason: Reason, by: Author) -> str:
    """Take the role ROLE_ID from the account USER_ID."""
    return _line(service.revoke(user_id, role_id, by, reason))


@command(operators, "disable <user_id>")
def disable(user_id: UserId, reason: Reason, by: Author) -> str:
    """Let the account USER_ID sign in no more, and end its sessions and API tokens."""
    return _line(service.disable(user_id, by, reason))


@command(operators, "enable <user_id>")
def enable(user_id: UserId, reason: Reason, by: Author) -> str:
    """Let the account USER_ID sign in again."""
    return _line(service.enable(user_id, by, reason))


@command(operators, "remove-second-factor <user_id>")
def remove_second_factor(user_id: UserId, reason: Reason, by: Author) -> str:
    """Let the account USER_ID, which lost its second factor, sign in without."""
    return _line(service.remove_second_factor(user_id, by, reason))


@command(operators, "end-sessions <user_id>")
def end_sessions(user_id: UserId, reason: Reason, by: Author) -> str:
    """Sign the account USER_ID out everywhere; its API tokens end, too."""
    return _line(service.end_sessions(user_id, by, reason))


def _line(one: dict[str, Any]) -> str:
    rights = ", ".join(one["rights"]) or "no right now"
    roles = ", ".join(role["name"] for role in one["roles"])
    facts = [
        "super-admin" if one["super_admin"] else "",
        "disabled" if one["disabled"] else "",
        f"by {roles}" if roles else "",
        f"signed in {moment(one['last_sign_in'])}" if one["last_sign_in"] else "never signed in",
        f"{one['tokens']} tokens" if one["tokens"] else "",
        "with a second factor" if one["second_factor"] else "",
    ]
    about = ", ".join(fact for fact in facts if fact)
    return f"{one['id']:>8}  {one['username']:<20}  {rights} ({about})"
