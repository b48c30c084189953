"""The group, and what its commands share."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, is_dataclass
from datetime import datetime
from typing import Any, TypeVar

import click
from flask import current_app
from flask.cli import AppGroup

from app.cli.login import login
from app.core.errors import PlatformError, VersionConflict
from app.core.policy import PolicyManager, PolicyReceipt
from app.extensions import policy as manager

policy = AppGroup("policy", help="See, try and change the policies.")

F = TypeVar("F", bound=Callable[..., Any])

as_json = click.option("--json", "as_json", is_flag=True, help="Machine-readable output.")
kind = click.option(
    "--kind",
    type=click.Choice(["rego", "data"]),
    default="rego",
    show_default=True,
    help="A policy, or a data document.",
)
expected_version = click.option(
    "--version", type=int, help="Refuse if another version is live by now; 0: if any is."
)


def says_why(command: F) -> F:
    """Options of every command that changes something."""
    comment = click.option("--comment", default="", help="Why; it is kept with the version.")
    actor = click.option(
        "--actor",
        default=login,
        show_default="cli:<login name>",
        help="Who; 'user:42' for an account.",
    )
    return comment(actor(command))


@contextmanager
def managing() -> Iterator[PolicyManager]:
    """The policies for one command; errors of the platform become errors of the command."""
    try:
        yield manager
    except VersionConflict as error:
        raise click.ClickException(
            f"somebody else changed it: version {error.current_version} is live by now"
        ) from None
    except PlatformError as error:
        raise click.ClickException(str(error)) from None
    finally:
        manager.close(current_app._get_current_object())  # type: ignore[attr-defined]


def echo_json(value: Any) -> None:
    """Print JSON; dataclasses and times too."""
    click.echo(json.dumps(value, indent=2, sort_keys=True, default=_plain))


def echo_receipt(receipt: PolicyReceipt, as_json: bool) -> None:
    """Tell what a change did."""
    if as_json:
        echo_json(receipt)
        return
    click.echo(
        f"{receipt.kind} {receipt.name} version {receipt.version}: "
        f"policies {receipt.bundle} at revision {receipt.revision}"
    )
    compared = receipt.comparison
    if compared is not None:
        click.echo(
            f"{receipt.tests_passed} tests passed; of {compared.inputs} recent inputs "
            f"{compared.allow_to_deny} would be denied and {compared.deny_to_allow} allowed "
            "that were not before"
        )


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.isoformat()
    if is_dataclass(value) and not isinstance(value, type):
        return asdict(value)
    if isinstance(value, (set, frozenset)):
        return sorted(value)
    raise TypeError(f"{type(value).__name__} is no JSON data")
