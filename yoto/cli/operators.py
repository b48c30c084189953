"""``flask yoto operators``: who signs in to the control plane by the platform's own table."""

from __future__ import annotations

import sys
from typing import Any

import click
from flask.cli import AppGroup, with_appcontext

from yoto.auth.operators import (
    ADMIN,
    RIGHTS,
)
from yoto.cli.acts import acting
from yoto.cli.options import as_json, echo_json, with_reason
from yoto.control_plane.own_operators import OwnOperator, service

operators = AppGroup("operators", help="Who may sign in to the control plane.")

FIRST = f"operators: none; make the first by 'flask yoto operators add NAME --right {ADMIN}'"

name_argument = click.argument("name")
right_type = click.Choice(RIGHTS)


def with_operators(group: click.Group) -> click.Group:
    """``group``, whose application has the table, with these commands."""
    commands = {**group.commands, "operators": operators}
    return AppGroup(group.name, help=group.help, commands=commands)


def missing_first() -> str | None:
    """How the first operator is made, where there is none."""
    return None if service.operators() else FIRST


@operators.command("add")
@name_argument
@click.option(
    "--right",
    "rights",
    type=right_type,
    multiple=True,
    required=True,
    help="What they may; it brings those before it.",
)
@as_json
@with_appcontext
def add(name: str, rights: tuple[str, ...], as_json: bool) -> None:
    """Let NAME sign in. The password is asked for, or read from standard input."""
    with acting():
        _tell(service.add(name, rights, _password(), "flask yoto operators add"), as_json)


@operators.command("list")
@as_json
@with_appcontext
def list_operators(as_json: bool) -> None:
    """Show who there is, by name."""
    with acting():
        found = service.operators()
    if as_json:
        echo_json([_plain(one) for one in found])
        return
    for one in found:
        click.echo(_line(one))
    if not found:
        click.echo(FIRST)


@operators.command("password")
@name_argument
@as_json
@with_appcontext
def change_password(name: str, as_json: bool) -> None:
    """Give NAME another password, asked for or read as by 'add'; their sessions end."""
    with acting():
        _tell(service.change_password(name, _password(), "flask yoto operators password"), as_json)


@operators.command("rights")
@name_argument
@click.argument("rights", type=right_type, nargs=-1, required=True)
@with_reason
@as_json
@with_appcontext
def set_rights(name: str, rights: tuple[str, ...], reason: str, as_json: bool) -> None:
    """Give NAME these rights in place of those before; their sessions end."""
    with acting():
        _tell(service.set_rights(name, rights, reason), as_json)


@operators.command("disable")
@name_argument
@with_reason
@as_json
@with_appcontext
def disable(name: str, reason: str, as_json: bool) -> None:
    """Let NAME sign in no more, and end their sessions."""
    with acting():
        _tell(service.disable(name, reason), as_json)


@operators.command("enable")
@name_argument
@with_reason
@as_json
@with_appcontext
def enable(name: str, reason: str, as_json: bool) -> None:
    """Let NAME sign in again."""
    with acting():
        _tell(service.enable(name, reason), as_json)


@operators.command("remove")
@name_argument
@with_reason
@with_appcontext
def remove(name: str, reason: str) -> None:
    """Take NAME out of the table."""
    with acting():
        service.remove(name, reason)
    click.echo(f"{name} is no operator any more.")


def at_terminal() -> bool:
    """Whether somebody types here."""
    return sys.stdin.isatty()


def _password() -> str:
    """One that nobody else sees: not an argument, which a list of processes shows."""
    if at_terminal():
        asked: str = click.prompt("Password", hide_input=True, confirmation_prompt=True, err=True)
        return asked
    return sys.stdin.readline().rstrip("\r\n")


def _tell(one: OwnOperator, as_json: bool) -> None:
    if as_json:
        echo_json(_plain(one))
    else:
        click.echo(_line(one))


def _plain(one: OwnOperator) -> dict[str, Any]:
    return {
        "name": one.name,
        "rights": one.rights,
        "disabled": one.disabled,
        "created_at": one.created_at,
        "last_sign_in": one.last_sign_in,
    }


def _line(one: OwnOperator) -> str:
    seen = "never" if one.last_sign_in is None else f"{one.last_sign_in:%Y-%m-%d %H:%M:%SZ}"
    off = ", disabled" if one.disabled else ""
    return f"{one.name:<32}  {', '.join(one.rights)}{off}; signed in: {seen}"
