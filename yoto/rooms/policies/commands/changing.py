"""Commands that change the active policies, and the candidate beside them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Annotated

import click
from flask.cli import AppGroup

from yoto.cli.operations import command
from yoto.http.operation import Author
from yoto.http.shapes import Between
from yoto.rooms.policies import PolicyReceipt, ShadowReport
from yoto.rooms.policies.commands.group import (
    FILE,
    Comment,
    Expected,
    File,
    Kind,
    OwnName,
    managing,
    parsed,
    policy,
    read_text,
    receipt_lines,
    tests_beside,
)
from yoto.rooms.policies.tables import PolicyKind


@command(policy, "push <path>", receipt_lines)
def push(
    path: Annotated[Path, click.Path(exists=True, path_type=Path)],
    by: Author,
    name: OwnName = None,
    tests: Annotated[
        Path | None, FILE, "Its Rego tests; by default NAME_test.rego beside it."
    ] = None,
    version: Expected = None,
    comment: Comment = "",
) -> PolicyReceipt | Sequence[PolicyReceipt]:
    """Bring PATH into force: a .rego file, a .json document, or a folder of both."""
    with managing() as manager:
        if path.is_dir():
            if name or tests or version is not None:
                raise click.UsageError("a folder takes no --name, --tests or --version")
            return manager.put_folder(path, by, comment)
        name = name or path.stem
        if path.suffix == ".json":
            if tests:
                raise click.UsageError("a document takes no --tests")
            value = parsed(read_text(path), str(path))
            return manager.put_document(name, value, by, comment, version)
        test_source = read_text(tests) if tests else tests_beside(path)
        return manager.put(name, read_text(path), by, comment, test_source, version)


@command(policy, "remove <name>", receipt_lines)
def remove(
    name: str,
    by: Author,
    kind: Kind = PolicyKind.REGO,
    version: Expected = None,
    comment: Comment = "",
) -> PolicyReceipt:
    """Deactivate NAME; its versions stay."""
    with managing() as manager:
        return manager.remove(name, by, comment, kind, version)


@command(policy, "rollback <name> <to_version>", receipt_lines)
def rollback(
    name: str,
    to_version: int,
    by: Author,
    kind: Kind = PolicyKind.REGO,
    version: Expected = None,
    comment: Comment = "",
) -> PolicyReceipt:
    """Bring TO_VERSION of NAME into force again, as a new version."""
    with managing() as manager:
        return manager.rollback(name, to_version, by, comment, kind, version)


@command(policy, "acknowledge <name>")
def acknowledge(name: str, by: Author, comment: Comment = "") -> str:
    """Acknowledge that NAME, which reads input.subject.id, was reviewed.

    The id used to be a number of the platform's, and is now the application's own. Older policies
    are listed until they are acknowledged.
    """
    with managing() as manager:
        manager.acknowledge(name, by, comment)
    return f"{name} is acknowledged"


@command(policy, "sync")
def sync() -> Iterator[str]:
    """Store the bundled policies of this release, except edited ones."""
    with managing() as manager:
        upgrade = manager.sync_defaults()
    yield f"{len(upgrade.stored)} stored, {len(upgrade.removed)} removed"
    yield from (f"left as edited: {' '.join(edited)}" for edited in upgrade.kept)


shadow = AppGroup("shadow", help="Evaluate a candidate beside the active policies.")
policy.add_command(shadow)

ExpectedCandidate = Annotated[int | None, "Refuse if the candidate is another version by now."]


def _report(found: ShadowReport) -> Iterator[str]:
    yield f"{found.name} version {found.version} by {found.author}"
    yield (
        f"{found.evaluated} evaluations, {found.errors} without a verdict: "
        f"{found.allow_to_deny} would be denied, {found.deny_to_allow} would be allowed"
    )
    for title, counts in (
        ("user", found.subjects),
        ("place", found.places),
        ("code", found.codes),
    ):
        yield from (f"  {count:>6}  {title} {name}" for name, count in counts.items())


@command(shadow, "start <path>", receipt_lines)
def start(
    path: File,
    by: Author,
    name: OwnName = None,
    sample: Annotated[
        float, Between(0, 1, above=True), "The share of live evaluations to add it to."
    ] = 1.0,
    comment: Comment = "",
) -> PolicyReceipt:
    """Make the .rego file PATH the candidate."""
    with managing() as manager:
        source, tests = read_text(path), tests_beside(path)
        return manager.start_shadow(name or path.stem, source, by, sample, comment, tests)


@command(shadow, "report", _report)
def report() -> ShadowReport:
    """Show the decisions that would change with the candidate."""
    with managing() as manager:
        found = manager.shadow_report()
    if found is None:
        raise click.ClickException("there is no candidate")
    return found


@command(shadow, "promote", receipt_lines)
def promote(by: Author, version: ExpectedCandidate = None, comment: Comment = "") -> PolicyReceipt:
    """Bring the candidate into force; it is rolled back if denials jump."""
    with managing() as manager:
        return manager.promote(by, comment, version)


@command(shadow, "drop", receipt_lines)
def drop(by: Author, version: ExpectedCandidate = None, comment: Comment = "") -> PolicyReceipt:
    """End the candidate."""
    with managing() as manager:
        return manager.drop(by, comment, version)
