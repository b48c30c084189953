"""A case: all that decides a run. It is JSON, so that a failure can be kept and replayed."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Self

from proof.simulation.scheduler import Item


@dataclass(frozen=True)
class Case:
    """The plan of a run, and its length.

    Attributes:
        protocol: which of ``proof.simulation.protocols``.
        seconds: virtual time of the plan.
        to_the_end: afterwards all is left in peace, and what must be true in the end is checked.
        plan: operations (``do``, ``worker``) and incidents (``incident``), each with its moment
            ``at``, and perturbations (``task``, ``point``).
        bug: the planted bug that is in the code meanwhile, or none.
    """

    protocol: str
    seconds: float
    plan: list[Item] = field(default_factory=list)
    bug: str = ""
    to_the_end: bool = True

    @property
    def events(self) -> list[Item]:
        """Operations and incidents, in order."""
        return sorted((one for one in self.plan if "at" in one), key=lambda one: float(one["at"]))

    @property
    def perturbations(self) -> list[Item]:
        """The items of the plan that happen at points of threads."""
        return [one for one in self.plan if "point" in one]

    def having(self, plan: list[Item]) -> Self:
        """The same with another plan."""
        return replace(self, plan=plan)

    def until(self, moment: float) -> Self:
        """The same without what comes after ``moment``."""
        plan = [one for one in self.plan if one.get("at", 0.0) <= moment]
        return replace(self, plan=plan, seconds=moment, to_the_end=False)

    def earlier(self, seconds: float) -> Self:
        """The same, with everything that has a moment so much earlier."""
        plan = [
            one | {"at": round(one["at"] - seconds, 4)} if "at" in one else one for one in self.plan
        ]
        return replace(self, plan=plan, seconds=self.seconds - seconds)

    def save(self, path: Path) -> None:
        """Write it, an item of the plan a line."""
        told = asdict(self)
        lines = ",\n  ".join(json.dumps(one) for one in told.pop("plan"))
        head = json.dumps(told)[:-1]
        path.write_text(f'{head}, "plan": [\n  {lines}\n]}}\n')

    @classmethod
    def load(cls, path: Path) -> Self:
        """Read one."""
        return cls(**json.loads(path.read_text()))
