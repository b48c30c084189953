"""Values that are not set yet: are they valid, and what would they have done."""

from __future__ import annotations

import json
from dataclasses import asdict

import click

from yoto.cli.options import Duration, as_json, echo_json, field_value
from yoto.cli.resilience.group import GUARD_KIND, KIND, controlling, resilience
from yoto.resilience import KEPT_FOR, DryRun, Kind

CAVEATS = {
    "no_traffic": "No calls were recorded, so there is no result.",
    "this_worker_only": "Redis is unavailable: the traffic of other processes is unknown.",
    "calls_missing": "A worker was too busy to report all its calls.",
    "only_the_latest": "There were so many calls that only the latest are kept.",
    "shorter_than_window": "Usage before this period that would count in the window is unknown.",
    "outcomes_unknown": "Some calls were rejected and would be allowed; their outcome is unknown.",
}


@resilience.command("validate")
@click.argument("kind", type=KIND)
@click.argument("name")
@click.argument("fields", nargs=-1, required=True, metavar="FIELD=VALUE...")
@as_json
def validate(kind: str, name: str, fields: tuple[str, ...], as_json: bool) -> None:
    """Say what FIELDs would change if they were all that operators set; change nothing."""
    values = dict(field_value(text) for text in fields)
    with controlling() as controller:
        before = controller.get_config(kind, name).config.to_mapping()
        after = controller.config.candidate(Kind(kind), name, values).to_mapping()
    changed = {
        field: {"before": before[field], "after": value}
        for field, value in after.items()
        if value != before[field]
    }
    if as_json:
        echo_json(changed)
        return
    for field, one in changed.items():
        click.echo(f"  {field}: {json.dumps(one['before'])} -> {json.dumps(one['after'])}")
    if not changed:
        click.echo("No changes.")


@resilience.command("dry-run")
@click.argument("kind", type=GUARD_KIND)
@click.argument("name")
@click.argument("fields", nargs=-1, metavar="[FIELD=VALUE...]")
@click.option(
    "--last",
    "seconds",
    type=Duration(),
    default=f"{KEPT_FOR:.0f}s",
    show_default=True,
    help="How far back.",
)
@as_json
def dry_run(kind: str, name: str, fields: tuple[str, ...], seconds: float, as_json: bool) -> None:
    """Replay the last minutes of traffic with FIELDs as all that operators set.

    Without FIELDs: with the code's own configuration. Changes nothing.
    """
    values = dict(field_value(text) for text in fields)
    with controlling() as controller:
        found = controller.dry_run(kind, name, values, seconds=seconds)
    if as_json:
        echo_json(asdict(found))
        return
    _echo(found)


def _echo(found: DryRun) -> None:
    click.echo(
        f"would have rejected {found.candidate.rejected} of {found.calls} calls of the last "
        f"{found.seconds:.0f} s, reported by {found.workers} worker(s)"
    )
    click.echo(
        f"  as configured now: {found.in_force.rejected} in the same replay, "
        f"{found.really_rejected} really"
    )
    for dimension, count in sorted(found.candidate.by.items()):
        click.echo(f"  by {dimension}: {count}")
    if found.candidate.opened:
        click.echo(f"  the breaker opens {found.candidate.opened} times")
    for caveat in found.caveats:
        click.echo(f"  {CAVEATS[caveat.value]}")
