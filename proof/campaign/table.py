"""The table of a run, in Markdown."""

from __future__ import annotations

import statistics
from collections import defaultdict
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from proof.campaign.runner import Occurrence, Result

NEVER = "**never**"


def markdown(result: Result, revision: str) -> str:
    """Seed, revision and outcome, then one line a fault, one a model, and all that went wrong."""
    assert result.judgement is not None
    judgement, failures = result.judgement, result.failures
    times = len(result.occurrences)
    lines = [
        f"# Campaign of seed {result.seed}",
        "",
        f"Revision {revision}; {result.seconds / 60:.1f} minutes; {times} faults of"
        f" {len({one.planned.fault for one in result.occurrences})} kinds;"
        f" {sum(judgement.operations.values())} operations judged, of which"
        f" {sum(judgement.falsifiable.values())} checks could have been wrong;"
        f" {sum(result.leased.values()):g} units and slots leased;"
        f" {len(judgement.violations)} violations; longest stall of the machine"
        f" {result.stalls:.1f} s; its clock was set {result.steps} times; full disk by"
        f" {result.disk}.",
        "",
        "**Passed.**" if not failures else f"**Failed: {len(failures)}.**",
        "",
        *_left_out(result),
        "| fault | times | operations | unknown | branch reached, and how |"
        " recovery median, s | worst, s |",
        "|---|---|---|---|---|---|---|",
    ]
    by_kind: dict[str, list[Occurrence]] = defaultdict(list)
    for one in result.occurrences:
        by_kind[one.planned.fault].append(one)
    for name in sorted(by_kind):
        lines.append(_row(result, name, by_kind[name]))
    lines += [
        "",
        "| model | operations | could have been wrong | unknown | violations |",
        "|---|---|---|---|---|",
    ]
    for name, finding in judgement.findings.items():
        bad = len(finding.violations) + len(finding.undecided)
        lines.append(
            f"| {name} | {finding.operations} | {finding.falsifiable} | {finding.unknown} | {bad} |"
        )
    lines += ["", *(f"- leased of {name}: {number:g}" for name, number in result.leased.items())]
    lines += [*(f"- worst {what}: {value:.3f}" for what, value in judgement.worst.items())]
    lines += [f"- excused {what}: {number}" for what, number in judgement.excused.items()]
    if failures:
        lines += ["", "## Failures", "", *(f"- {one}" for one in failures)]
    return "\n".join(lines) + "\n"


def _left_out(result: Result) -> list[str]:
    if not result.left_out:
        return []
    names = ", ".join(result.left_out)
    return [f"**Left out**, since what they need is not installed: {names}.", ""]


def _row(result: Result, name: str, occurrences: list[Occurrence]) -> str:
    operations, unknown = result.operations.get(name, (0, 0))
    took = [one.recovery.seconds for one in occurrences]
    known = [seconds for seconds in took if seconds is not None]
    median = f"{statistics.median(known):.1f}" if known else "-"
    worst = f"{max(known):.1f}" if len(known) == len(took) else "none"
    branches = "; ".join(
        f"{branch}: {_cell(seen) or NEVER}" for branch, seen in result.reached[name].items()
    )
    return (
        f"| {name} | {len(occurrences)} | {operations} | {unknown} | {branches} |"
        f" {median} | {worst} |"
    )


def _cell(text: str) -> str:
    return f"`{text.replace('|', '/').replace('`', '')}`" if text else ""
