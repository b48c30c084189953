"""``flask resilience dry-run``: which recorded calls new values would have rejected."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any

from flask.cli import AppGroup

from yoto.cli.operations import command
from yoto.cli.options import Duration
from yoto.cli.resilience.group import Values, controller
from yoto.operate.guard_state import GuardKind
from yoto.resilience import KEPT_FOR

from .dry_run import DryRun, dry_run_of

dry_runs = AppGroup("resilience")
CAVEATS = {
    "no_traffic": "No calls were recorded, so there is no result.",
    "this_worker_only": "Redis is unavailable: the traffic of other processes is unknown.",
    "calls_missing": "A worker was too busy to report all its calls.",
    "only_the_latest": "There were so many calls that only the latest are kept.",
    "shorter_than_window": "Usage before this period that would count in the window is unknown.",
    "outcomes_unknown": "Some calls were rejected and would be allowed; their outcome is unknown.",
}


def _replayed(found: DryRun, **given: Any) -> Iterator[str]:
    yield (
        f"would have rejected {found.candidate.rejected} of {found.calls} calls of the last "
        f"{found.seconds:.0f} s, reported by {found.workers} worker(s)"
    )
    yield (
        f"  as configured now: {found.in_force.rejected} in the same replay, "
        f"{found.really_rejected} really"
    )
    for dimension, count in sorted(found.candidate.by.items()):
        yield f"  by {dimension}: {count}"
    if found.candidate.opened:
        yield f"  the breaker opens {found.candidate.opened} times"
    for caveat in found.caveats:
        yield f"  {CAVEATS[caveat.value]}"


@command(dry_runs, "dry-run <kind> <name> <fields>", _replayed, seconds="last")
def dry_run(
    kind: GuardKind,
    name: str,
    fields: Values | None = None,
    seconds: Annotated[float, Duration(), "How far back."] = KEPT_FOR,
) -> DryRun:
    """Replay the last minutes of traffic with FIELDs as the only values that operators set.

    Without FIELDs: with the code's own configuration. Changes nothing.
    """
    return dry_run_of(controller(), kind, name, fields or {}, seconds=seconds)
