"""The group, and the functions that its commands share."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any, TextIO

import click
from flask.cli import AppGroup

from yoto.rooms.policies import PolicyManager, PolicyReceipt
from yoto.rooms.policies.manager import policy as manager
from yoto.rooms.policies.tables import PolicyKind

policy = AppGroup("policy", help="See, try and change the policies.")

TESTS = "_test.rego"
# Warnings of a receipt, as texts for people.
WARNINGS = {
    "never_asked": "no policy is asked about these, unless a caller gives a context",
    "not_registered": "there are no permissions of these names",
    "no_rule": "policies are always asked about these, and none names them",
}

FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
File = Annotated[Path, FILE]
OwnName = Annotated[str | None, "The policy's name; by default that of the file."]
Kind = Annotated[PolicyKind, "A policy, or a data document."]
Comment = Annotated[str, "Why; it is kept with the version."]
Expected = Annotated[int | None, "Refuse if another version is live by now; 0: if any is."]


@contextmanager
def managing() -> Iterator[PolicyManager]:
    """The policy service for one command."""
    try:
        yield manager
    finally:
        manager.current.close()


def receipt_lines(found: PolicyReceipt | Sequence[PolicyReceipt], **given: Any) -> Iterator[str]:
    """The results of one or several changes."""
    for receipt in [found] if isinstance(found, PolicyReceipt) else found:
        yield (
            f"{receipt.kind} {receipt.name} version {receipt.version}: "
            f"policies {receipt.bundle} at revision {receipt.revision}"
        )
        compared = receipt.comparison
        if compared is not None:
            yield (
                f"{receipt.tests_passed} tests passed; of {compared.inputs} recent inputs "
                f"{compared.allow_to_deny} would be denied and {compared.deny_to_allow} allowed "
                "that were not before"
            )
        for warning in receipt.warnings:
            yield f"warning: {WARNINGS[warning.code]}: {', '.join(warning.permissions)}"


def read_text(path: Path) -> str:
    """A text file; an error of the command if it cannot be read."""
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise click.ClickException(f"{path} cannot be read: {error}") from None


def tests_beside(path: Path) -> str:
    """The Rego tests of a policy, from ``NAME_test.rego`` beside it; empty if there is none."""
    beside = path.with_name(f"{path.stem}{TESTS}")
    return read_text(beside) if beside.is_file() else ""


def parsed(source: str | TextIO, where: str) -> Any:
    """JSON data; an error of the command if it is none."""
    try:
        return json.loads(source if isinstance(source, str) else source.read())
    except ValueError as error:
        raise click.ClickException(f"{where} is no JSON: {error}") from None
