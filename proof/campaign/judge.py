"""Judges what a folder holds by all models; again, too, long after the run."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path

from proof.campaign.history import Operation, read_faults, read_operations
from proof.campaign.models import MODELS, Finding, deadline, policies, rights
from proof.campaign.models.slowness import LOAD


@dataclass(frozen=True)
class Judgement:
    """The findings of all models, by their names."""

    findings: dict[str, Finding]

    @property
    def violations(self) -> list[str]:
        """Each violation, and each key that could not be judged in time, with its model's name."""
        return [
            f"{name}: {what}"
            for name, finding in self.findings.items()
            for what in [*finding.violations, *(f"undecided: {one}" for one in finding.undecided)]
        ]

    @property
    def operations(self) -> dict[str, int]:
        return {name: finding.operations for name, finding in self.findings.items()}

    @property
    def falsifiable(self) -> dict[str, int]:
        """How many checks could have been wrong, by model."""
        return {name: finding.falsifiable for name, finding in self.findings.items()}

    @property
    def worst(self) -> dict[str, float]:
        """The worst of all that was measured, as ``model: what (unit)``."""
        return {
            f"{name}: {what}": value
            for name, finding in self.findings.items()
            for what, value in finding.worst.items()
        }

    @property
    def excused(self) -> dict[str, int]:
        """How often a documented exception was met, as ``model: which``."""
        return {
            f"{name}: {what}": number
            for name, finding in self.findings.items()
            for what, number in finding.excused.items()
        }

    def report(self) -> str:
        """All of it, to be read."""
        heads = f"{'model':10} {'operations':>10} {'could be wrong':>14}"
        lines = [f"{heads} {'unknown':>8} {'violations':>10}"]
        for name, one in self.findings.items():
            bad = len(one.violations) + len(one.undecided)
            could = f"{name:10} {one.operations:10} {one.falsifiable:14}"
            lines.append(f"{could} {one.unknown:8} {bad:10}")
        lines += [f"worst    {what}: {value:.3f}" for what, value in self.worst.items()]
        lines += [f"excused  {what}: {number}" for what, number in self.excused.items()]
        return "\n".join([*lines, *(f"VIOLATION {what}" for what in self.violations)])


def judge(
    folder: Path, models: Collection[str] = MODELS, going_on: Sequence[Operation] = ()
) -> Judgement:
    """Judge all operations of a folder, or those of some models.

    Args:
        going_on: operations whose end is not in the folder yet. Without them others would be
            judged as if nobody held, or had changed, what these do.

    Raises:
        ValueError: an operation belongs to no model: it would go unjudged.
    """
    operations = sorted(
        [*read_operations(folder), *going_on], key=lambda operation: operation.invoked
    )
    faults = read_faults(folder)
    by_model: dict[str, list[Operation]] = {name: [] for name in MODELS}
    for one in operations:
        if one.model not in by_model:
            raise ValueError(f"no model judges {one}")
        by_model[one.model].append(one)
    loads = [one for one in by_model[deadline.NAME] if one.call == LOAD]
    for name in (rights.NAME, policies.NAME):
        by_model[name] += loads
    by_model[deadline.NAME] = operations
    return Judgement({name: MODELS[name](by_model[name], faults) for name in models})
