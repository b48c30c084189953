"""The group, and what its commands share."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

import click
from flask.cli import AppGroup

from yoto.cli.acts import acting
from yoto.cli.options import as_json, echo_json, says_who
from yoto.extensions import policy as manager
from yoto.policy import PolicyManager, PolicyReceipt

__all__ = [
    "as_json",
    "echo_json",
    "echo_receipt",
    "expected_version",
    "kind",
    "managing",
    "policy",
    "says_why",
]

policy = AppGroup("policy", help="See, try and change the policies.")

# What a receipt warns of, for people to read.
WARNINGS = {
    "never_asked": "no policy is asked about these, unless a caller gives a context",
    "not_registered": "there are no permissions of these names",
    "no_rule": "policies are always asked about these, and none names them",
}

F = TypeVar("F", bound=Callable[..., Any])

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
    return comment(says_who(command))


@contextmanager
def managing() -> Iterator[PolicyManager]:
    """The policies for one command, as ``acting``."""
    try:
        with acting():
            yield manager
    finally:
        manager.current.close()


def echo_receipt(receipt: PolicyReceipt, as_json: bool) -> None:
    """Report what a change did."""
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
    for warning in receipt.warnings:
        click.echo(f"warning: {WARNINGS[warning.code]}: {', '.join(warning.permissions)}")
