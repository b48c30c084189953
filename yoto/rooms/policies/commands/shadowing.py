"""``flask policy shadow``: a candidate beside the active policies."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated

import click
from flask.cli import AppGroup

from yoto.cli.operations import command
from yoto.http.operation import Author
from yoto.http.shapes import Between
from yoto.rooms.policies import PolicyReceipt, ShadowReport
from yoto.rooms.policies.commands.group import (
    Comment,
    File,
    OwnName,
    managing,
    policy,
    read_text,
    receipt_lines,
    tests_beside,
)

shadow = AppGroup("shadow", help="Evaluate a candidate beside the active policies.")
policy.add_command(shadow)

Expected = Annotated[int | None, "Refuse if the candidate is another version by now."]


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
def promote(by: Author, version: Expected = None, comment: Comment = "") -> PolicyReceipt:
    """Bring the candidate into force; it is rolled back if denials jump."""
    with managing() as manager:
        return manager.promote(by, comment, version)


@command(shadow, "drop", receipt_lines)
def drop(by: Author, version: Expected = None, comment: Comment = "") -> PolicyReceipt:
    """End the candidate."""
    with managing() as manager:
        return manager.drop(by, comment, version)
