"""Commands that only look."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import click

from yoto.cli.operations import command
from yoto.cli.options import json_text
from yoto.rooms.policies import StoredVersion
from yoto.rooms.policies.commands.group import Kind, managing, policy
from yoto.rooms.policies.operating.entries import in_force, version_of
from yoto.rooms.policies.store.reading import difference_of
from yoto.rooms.policies.tables import PolicyKind

MARKS = {"same": "  ", "added": "+ ", "removed": "- ", "left_out": "..."}


def _live(found: Sequence[StoredVersion], **given: Any) -> Iterator[str]:
    yield from map(_line, found)
    if not found:
        yield "No policy is active; every decision is a denial."
    with managing() as manager:
        status, unacknowledged = manager.status(), manager.unacknowledged()
    for one in unacknowledged:
        yield (
            f"{one.name} reads input.subject.id, which was a number of the platform's and is the "
            "application's own id now: look at it, then run "
            f"'flask yoto policy acknowledge {one.name}'"
        )
    yield f"engine: {status.engine} ({status.runs_on})"


def _versions(found: Sequence[StoredVersion], **given: Any) -> Iterator[str]:
    for one in found:
        yield f"{_line(one)} {one.state} {one.comment}".rstrip()


@command(policy, "list", _live)
def list_policies() -> Sequence[StoredVersion]:
    """Show the active policies and documents."""
    with managing() as manager:
        return [*manager.list(), *manager.documents()]


@command(policy, "versions <name>", _versions)
def versions(name: str, kind: Kind = PolicyKind.REGO) -> Sequence[StoredVersion]:
    """Show the versions of NAME, newest first."""
    with managing() as manager:
        found = manager.versions(name, kind)
    if not found:
        raise click.ClickException(f"there never was a '{name}'")
    return found


@command(policy, "show <name> <version>")
def show(name: str, version: int | None = None, kind: Kind = PolicyKind.REGO) -> str:
    """Print the source of NAME: of VERSION, or of the active version."""
    with managing():
        asked = PolicyKind(kind), name
        source = (in_force(*asked) if version is None else version_of(*asked, version)).source
    return source.removesuffix("\n")


@command(policy, "diff <name> <old> <new>")
def difference(name: str, old: int, new: int, kind: Kind = PolicyKind.REGO) -> Iterator[str]:
    """Show the differences between the versions OLD and NEW of NAME."""
    with managing():
        before, after = (version_of(PolicyKind(kind), name, number) for number in (old, new))
    for title, lines in zip(("", "tests:"), difference_of(before, after), strict=True):
        if title and lines:
            yield title
        yield from (f"{MARKS[line.mark]}{line.text}" for line in lines)


@command(policy, "status")
def status() -> str:
    """Load the active policies, and show the result and the state of the engine as JSON."""
    with managing() as manager:
        shown = {"status": manager.reload(), "engine": manager.health()}
        metrics = manager.metrics()
    # This process has decided nothing, so it knows the sizes of policies, but no counts.
    policies = {
        name: {"version": one.version, "complexity": one.complexity}
        for name, one in metrics.policies.items()
    }
    return json_text({**shown, "policies": policies, "data_bytes": metrics.data_bytes})


def _line(one: StoredVersion) -> str:
    return (
        f"{one.kind:<5} {one.name:<24} v{one.version:<4} {one.source_hash[:12]} "
        f"{one.at:%Y-%m-%d %H:%M} {one.author}"
    )
