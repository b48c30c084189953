"""Commands that only look."""

from __future__ import annotations

import click
from flask.cli import AppGroup

from yoto.cli.policy.group import as_json, echo_json, kind, managing
from yoto.operate.policies import in_force, version_of
from yoto.policy import StoredVersion, difference_of
from yoto.store.models import PolicyKind

MARKS = {"same": "  ", "added": "+ ", "removed": "- ", "left_out": "..."}


def add_looking(group: AppGroup) -> None:
    """Add them to ``flask policy``."""
    for command in (list_policies, versions, show, difference, status):
        group.add_command(command)


@click.command("list")
@as_json
def list_policies(as_json: bool) -> None:
    """Show the active policies and documents."""
    with managing() as manager:
        live = [*manager.list(), *manager.documents()]
        status = manager.status()
    if as_json:
        echo_json(live)
        return
    for one in live:
        click.echo(_line(one))
    if not live:
        click.echo("No policy is active; every decision is a denial.")
    click.echo(f"engine: {status.engine} ({status.runs_on})")


@click.command("versions")
@click.argument("name")
@kind
@as_json
def versions(name: str, kind: str, as_json: bool) -> None:
    """Show the versions of NAME, newest first."""
    with managing() as manager:
        found = manager.versions(name, kind)
    if not found:
        raise click.ClickException(f"there never was a '{name}'")
    if as_json:
        echo_json(found)
        return
    for one in found:
        click.echo(f"{_line(one)} {one.state} {one.comment}".rstrip())


@click.command("show")
@click.argument("name")
@click.argument("version", type=int, required=False)
@kind
def show(name: str, version: int | None, kind: str) -> None:
    """Print the source of NAME: of VERSION, or of the active version."""
    with managing():
        asked = PolicyKind(kind), name
        source = (in_force(*asked) if version is None else version_of(*asked, version)).source
    click.echo(source, nl=not source.endswith("\n"))


@click.command("diff")
@click.argument("name")
@click.argument("old", type=int)
@click.argument("new", type=int)
@kind
def difference(name: str, old: int, new: int, kind: str) -> None:
    """Show what is different in version NEW of NAME from version OLD."""
    with managing():
        before, after = (version_of(PolicyKind(kind), name, number) for number in (old, new))
    for title, lines in zip(("", "tests:"), difference_of(before, after), strict=True):
        if title and lines:
            click.echo(title)
        for line in lines:
            click.echo(f"{MARKS[line.mark]}{line.text}")


@click.command("status")
def status() -> None:
    """Load the active policies, and show the result and the state of the engine as JSON."""
    with managing() as manager:
        shown = {"status": manager.reload(), "engine": manager.health()}
        metrics = manager.metrics()
    # This process has decided nothing: of the policies it knows the sizes, and no counts.
    policies = {
        name: {"version": one.version, "complexity": one.complexity}
        for name, one in metrics.policies.items()
    }
    echo_json({**shown, "policies": policies, "data_bytes": metrics.data_bytes})


def _line(one: StoredVersion) -> str:
    return (
        f"{one.kind:<5} {one.name:<24} v{one.version:<4} {one.source_hash[:12]} "
        f"{one.at:%Y-%m-%d %H:%M} {one.author}"
    )
