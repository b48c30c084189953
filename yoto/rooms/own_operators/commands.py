"""``flask yoto operators``: operators of the control plane in the platform's own table."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from typing import Annotated, Any, TypeAlias

import click
from flask.cli import AppGroup
from marshmallow.validate import OneOf

from yoto.auth.operators import ADMIN, RIGHTS
from yoto.cli.operations import command
from yoto.http.operation import Reason

from . import accounts
from .accounts import OwnOperator

operators = AppGroup("operators", help="Who may sign in to the control plane.")

FIRST = f"operators: none; make the first by 'flask yoto operators add NAME --right {ADMIN}'"

Plain: TypeAlias = dict[str, Any]
Rights = Annotated[tuple[str, ...], OneOf(RIGHTS), "What they may; it brings those before it."]


def with_operators(group: click.Group) -> click.Group:
    """``group`` with these commands, for an application that has the table."""
    commands = {**group.commands, "operators": operators}
    return AppGroup(group.name, help=group.help, commands=commands)


def missing_first() -> str | None:
    """A hint how to add the first operator, if there is none."""
    return None if accounts.operators() else FIRST


def _lines(found: Plain, **given: Any) -> list[str]:
    seen = found["last_sign_in"]
    when = "never" if seen is None else f"{seen:%Y-%m-%d %H:%M:%SZ}"
    off = ", disabled" if found["disabled"] else ""
    return [f"{found['name']:<32}  {', '.join(found['rights'])}{off}; signed in: {when}"]


def _listed(found: list[Plain], **given: Any) -> Iterator[str]:
    for one in found:
        yield from _lines(one)
    if not found:
        yield FIRST


@command(operators, "add <name>", _lines, rights="right")
def add(name: str, rights: Rights) -> Plain:
    """Let NAME sign in. The password is asked for, or read from standard input."""
    return _plain(accounts.add(name, rights, _password(), "flask yoto operators add"))


@command(operators, "list", _listed)
def list_operators() -> list[Plain]:
    """Show the operators, by name."""
    return list(map(_plain, accounts.operators()))


@command(operators, "password <name>", _lines)
def password(name: str) -> Plain:
    """Give NAME another password, asked for or read as in 'add'; their sessions end."""
    return _plain(accounts.change_password(name, _password(), "flask yoto operators password"))


@command(operators, "rights <name> <rights>", _lines)
def set_rights(name: str, rights: Rights, reason: Reason) -> Plain:
    """Replace the rights of NAME; their sessions end."""
    return _plain(accounts.set_rights(name, rights, reason))


@command(operators, "disable <name>", _lines)
def disable(name: str, reason: Reason) -> Plain:
    """Disable the sign-in of NAME, and end their sessions."""
    return _plain(accounts.disable(name, reason))


@command(operators, "enable <name>", _lines)
def enable(name: str, reason: Reason) -> Plain:
    """Let NAME sign in again."""
    return _plain(accounts.enable(name, reason))


@command(operators, "remove <name>")
def remove(name: str, reason: Reason) -> str:
    """Remove NAME from the table."""
    accounts.remove(name, reason)
    return f"{name} is no operator any more."


def at_terminal() -> bool:
    """Whether a person types here."""
    return sys.stdin.isatty()


def _password() -> str:
    """A password from the prompt or standard input, since a list of processes shows arguments."""
    if at_terminal():
        asked: str = click.prompt("Password", hide_input=True, confirmation_prompt=True, err=True)
        return asked
    return sys.stdin.readline().rstrip("\r\n")


def _plain(one: OwnOperator) -> Plain:
    return {
        "name": one.name,
        "rights": one.rights,
        "disabled": one.disabled,
        "created_at": one.created_at,
        "last_sign_in": one.last_sign_in,
    }
