"""``flask policy shadow``: a candidate beside the active policies."""

from __future__ import annotations

from pathlib import Path

import click
from flask.cli import AppGroup

from yoto.cli.policy.changing import FILE, read_text, tests_beside
from yoto.cli.policy.group import as_json, echo_json, echo_receipt, managing, says_why

shadow = AppGroup("shadow", help="Evaluate a candidate beside the active policies.")

candidate_version = click.option(
    "--version", type=int, help="Refuse if the candidate is another version by now."
)


def add_shadowing(group: AppGroup) -> None:
    """Add the group to ``flask policy``."""
    group.add_command(shadow)


@shadow.command("start")
@click.argument("path", type=FILE)
@click.option("--name", help="The policy's name; by default that of the file.")
@click.option(
    "--sample",
    type=click.FloatRange(0, 1, min_open=True),
    default=1.0,
    show_default=True,
    help="The share of live evaluations to add it to.",
)
@says_why
@as_json
def start(
    path: Path, name: str | None, sample: float, comment: str, actor: str, as_json: bool
) -> None:
    """Make the .rego file PATH the candidate."""
    with managing() as manager:
        receipt = manager.start_shadow(
            name or path.stem, read_text(path), actor, sample, comment, tests_beside(path)
        )
        echo_receipt(receipt, as_json)


@shadow.command("report")
@as_json
def report(as_json: bool) -> None:
    """Show what would change with the candidate."""
    with managing() as manager:
        found = manager.shadow_report()
    if found is None:
        raise click.ClickException("there is no candidate")
    if as_json:
        echo_json(found)
        return
    click.echo(f"{found.name} version {found.version} by {found.author}")
    click.echo(
        f"{found.evaluated} evaluations, {found.errors} without a verdict: "
        f"{found.allow_to_deny} would be denied, {found.deny_to_allow} would be allowed"
    )
    for title, counts in (
        ("user", found.subjects),
        ("place", found.places),
        ("code", found.codes),
    ):
        for name, count in counts.items():
            click.echo(f"  {count:>6}  {title} {name}")


@shadow.command("promote")
@candidate_version
@says_why
@as_json
def promote(version: int | None, comment: str, actor: str, as_json: bool) -> None:
    """Bring the candidate into force; it is rolled back if denials jump."""
    with managing() as manager:
        echo_receipt(manager.promote(actor, comment, version), as_json)


@shadow.command("drop")
@candidate_version
@says_why
@as_json
def drop(version: int | None, comment: str, actor: str, as_json: bool) -> None:
    """End the candidate."""
    with managing() as manager:
        echo_receipt(manager.drop(actor, comment, version), as_json)
