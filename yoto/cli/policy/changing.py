"""Commands that change the active policies."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click
from flask.cli import AppGroup

from yoto.cli.policy.group import as_json, echo_receipt, expected_version, kind, managing, says_why

PATH = click.Path(exists=True, path_type=Path)
FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
TESTS = "_test.rego"


def add_changing(group: AppGroup) -> None:
    """Add them to ``flask policy``."""
    for command in (push, remove, rollback, sync):
        group.add_command(command)


@click.command("push")
@click.argument("path", type=PATH)
@click.option("--name", help="The policy's name; by default that of the file.")
@click.option("--tests", type=FILE, help="Its Rego tests; by default NAME_test.rego beside it.")
@expected_version
@says_why
@as_json
def push(
    path: Path,
    name: str | None,
    tests: Path | None,
    version: int | None,
    comment: str,
    actor: str,
    as_json: bool,
) -> None:
    """Bring PATH into force: a .rego file, a .json document, or a folder of both."""
    with managing() as manager:
        if path.is_dir():
            if name or tests or version is not None:
                raise click.UsageError("a folder takes no --name, --tests or --version")
            for receipt in manager.put_folder(path, actor, comment):
                echo_receipt(receipt, as_json)
            return
        name = name or path.stem
        if path.suffix == ".json":
            if tests:
                raise click.UsageError("a document takes no --tests")
            value = parsed(read_text(path), str(path))
            receipt = manager.put_document(name, value, actor, comment, version)
        else:
            test_source = read_text(tests) if tests else tests_beside(path)
            receipt = manager.put(name, read_text(path), actor, comment, test_source, version)
        echo_receipt(receipt, as_json)


@click.command("remove")
@click.argument("name")
@kind
@expected_version
@says_why
@as_json
def remove(
    name: str, kind: str, version: int | None, comment: str, actor: str, as_json: bool
) -> None:
    """Take NAME out of force; its versions stay."""
    with managing() as manager:
        echo_receipt(manager.remove(name, actor, comment, kind, version), as_json)


@click.command("rollback")
@click.argument("name")
@click.argument("to_version", type=int)
@kind
@expected_version
@says_why
@as_json
def rollback(
    name: str,
    to_version: int,
    kind: str,
    version: int | None,
    comment: str,
    actor: str,
    as_json: bool,
) -> None:
    """Bring TO_VERSION of NAME into force again, as a new version."""
    with managing() as manager:
        echo_receipt(manager.rollback(name, to_version, actor, comment, kind, version), as_json)


@click.command("sync")
def sync() -> None:
    """Store the bundled policies of this release, except edited ones."""
    with managing() as manager:
        upgrade = manager.sync_defaults()
    click.echo(f"{len(upgrade.stored)} stored, {len(upgrade.removed)} removed")
    for edited in upgrade.kept:
        click.echo(f"left as edited: {' '.join(edited)}")


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


def parsed(text: str, where: str) -> Any:
    """JSON data; an error of the command if it is none."""
    try:
        return json.loads(text)
    except ValueError as error:
        raise click.ClickException(f"{where} is no JSON: {error}") from None
