"""A worker is killed at each step of a write; ``write_steps_hook`` is the half in the workers."""

from __future__ import annotations

import os
import random
from pathlib import Path
from typing import TYPE_CHECKING

from proof.campaign.faults.base import Branch, Fault
from proof.campaign.faults.seen import REST, Seen, both, logged, noted
from proof.campaign.faults.write_steps_hook import ARMED, COMMITS_CUT, FIRED, FOLDER, STEPS

if TYPE_CHECKING:
    from proof.cluster import Cluster

# The outcome that has to follow, beside another worker in its place.
THEN = {
    "before-statement": "nothing was written, and its client does not know",
    "before-commit": "rolled back by the database",
    "before-publish": "the relay of another worker publishes it",
    "before-answer": "committed and published, and its client does not know",
}


class KilledInAWrite(Fault):
    """The next worker that comes to ``step`` in a request that changes something."""

    seconds = (3.0, 6.0)
    step: str

    def begin(self, cluster: Cluster, rng: random.Random) -> str:
        self._folder = Path(os.environ[FOLDER])
        for fired in self._folder.glob(f"{FIRED}{self.step}-*"):
            fired.unlink()
        (self._folder / f"{ARMED}{self.step}").touch()
        return "whoever writes next"

    def look(self) -> dict[str, str]:
        fired = sorted(self._folder.glob(f"{FIRED}{self.step}-*"))
        self.killed_workers = len(fired)
        return (
            {"fired": f"worker {fired[0].name.rpartition('-')[2]} died {self.step}"}
            if fired
            else {}
        )

    def end(self) -> None:
        (Path(os.environ[FOLDER]) / f"{ARMED}{self.step}").unlink(missing_ok=True)


class CommitsCut(Fault):
    """Writes lose their connection when all but COMMIT is done: the database rolls them back."""

    name = f"database-{COMMITS_CUT}"
    seconds = (3.0, 6.0)
    branches = (
        Branch(
            "nothing was written, and no client hears otherwise",
            both(noted("fired"), logged("outcome unknown" + REST)),
        ),
    )

    def begin(self, cluster: Cluster, rng: random.Random) -> str:
        self._folder = Path(os.environ[FOLDER])
        (self._folder / f"{ARMED}{COMMITS_CUT}").touch()
        return "whoever commits"

    def look(self) -> dict[str, str]:
        fired = list(self._folder.glob(f"{FIRED}{COMMITS_CUT}-*"))
        return {"fired": f"{len(fired)} workers lost a connection"} if fired else {}

    def end(self) -> None:
        (Path(os.environ[FOLDER]) / f"{ARMED}{COMMITS_CUT}").unlink(missing_ok=True)


def killed_in_a_write() -> list[type[KilledInAWrite]]:
    """One kind for each step."""
    replaced: Seen = logged(r"worker \d+ ended with -9" + REST)
    return [
        type(
            "KilledInAWrite",
            (KilledInAWrite,),
            {
                "__doc__": f"A worker dies {step} of a request that changes something.",
                "name": f"killed-{step}",
                "step": step,
                "branches": (Branch(THEN[step], both(noted("fired"), replaced)),),
            },
        )
        for step in STEPS
    ]
