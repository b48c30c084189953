"""``flask control operators``."""

from __future__ import annotations

from typing import Any

import click
from flask.cli import AppGroup

from app.blueprints.operator_roles import operator_roles
from app.blueprints.operators.accounts import listing, service
from yoto.cli.acts import acting
from yoto.cli.options import Duration, as_json, echo_json, ending, says_why
from yoto.moments import moment

operators = AppGroup("operators", help="See and change who may steer the platform.")

user_argument = click.argument("user_id", type=click.IntRange(min=1))


@operators.command("list")
@click.option("--after", type=int, help="Continue behind the account of this number.")
@click.option("--limit", type=click.IntRange(1, 100), default=50, show_default=True)
@as_json
def list_operators(after: int | None, limit: int, as_json: bool) -> None:
    """Show everybody who was given a right on the platform."""
    with acting():
        page = listing.listed(after, limit)
    if as_json:
        echo_json({"items": page.items, "next": page.next})
        return
    for one in page.items:
        click.echo(_line(one))
    if page.next is not None:
        click.echo(f"More with --after {page.next}.")


@operators.command("roles")
@as_json
def list_roles(as_json: bool) -> None:
    """Show the global roles that give such rights."""
    with acting():
        found = list(operator_roles().values())
    if as_json:
        echo_json(found)
        return
    for role in found:
        off = "" if role.active else " (inactive)"
        click.echo(f"{role.id:>6}  {role.name}{off}: {', '.join(role.rights)}")


@operators.command("grant")
@click.argument("username")
@click.argument("role_id", type=click.IntRange(min=1))
@click.option("--for", "seconds", type=Duration(), help="How long, such as 8h; else for good.")
@says_why
def grant(username: str, role_id: int, seconds: float | None, reason: str, actor: str) -> None:
    """Give USERNAME the role ROLE_ID."""
    with acting():
        click.echo(_line(service.grant(username, role_id, ending(seconds), actor, reason)))


@operators.command("revoke")
@user_argument
@click.argument("role_id", type=click.IntRange(min=1))
@says_why
def revoke(user_id: int, role_id: int, reason: str, actor: str) -> None:
    """Take the role ROLE_ID from the account USER_ID."""
    with acting():
        click.echo(_line(service.revoke(user_id, role_id, actor, reason)))


@operators.command("disable")
@user_argument
@says_why
def disable(user_id: int, reason: str, actor: str) -> None:
    """Let the account USER_ID sign in no more, and end its sessions and API tokens."""
    with acting():
        click.echo(_line(service.disable(user_id, actor, reason)))


@operators.command("enable")
@user_argument
@says_why
def enable(user_id: int, reason: str, actor: str) -> None:
    """Let the account USER_ID sign in again."""
    with acting():
        click.echo(_line(service.enable(user_id, actor, reason)))


@operators.command("remove-second-factor")
@user_argument
@says_why
def remove_second_factor(user_id: int, reason: str, actor: str) -> None:
    """Let the account USER_ID, which lost its second factor, sign in without."""
    with acting():
        click.echo(_line(service.remove_second_factor(user_id, actor, reason)))


@operators.command("end-sessions")
@user_argument
@says_why
def end_sessions(user_id: int, reason: str, actor: str) -> None:
    """Sign the account USER_ID out everywhere; its API tokens end, too."""
    with acting():
        click.echo(_line(service.end_sessions(user_id, actor, reason)))


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
