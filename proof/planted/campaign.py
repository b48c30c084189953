"""Bugs before the campaign: one topology, whose nodes begin anew with each of them."""

from __future__ import annotations

import itertools
import os
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from unittest.mock import patch

from proof.campaign.faults import write_steps_hook
from proof.campaign.judge import Judgement
from proof.campaign.runner import EXTENSIONS, Campaign, Judged, topology
from proof.campaign.schedule import Planned, Round
from proof.cluster import Cluster
from proof.planted import switch
from proof.planted.bugs import PLANTED, Trial

# s of load without a fault, where that shows a bug.
QUIET = 20.0
CALM = 2.0  # s before a fault
# Times that its faults come, for a bug that is not seen before.
ROUNDS = 8


class Trials:
    """The campaign, once for each bug and once for none, on a topology of its own."""

    def __init__(self, cluster: Cluster, folder: Path, say: Callable[[str], None]) -> None:
        self._cluster, self._folder, self._say = cluster, folder, say
        self._given = [dict(node.settings) for node in cluster.nodes]
        self._number = 0

    def of(self, names: Sequence[str]) -> dict[str, list[str]]:
        """Violations of bugs that are planted at once, by name, from the models that must find
        them. Models of one must see nothing of another.
        """
        trials = {name: trial for name in names if (trial := PLANTED[name].trial)}
        models = sorted({model for trial in trials.values() for model in trial.models})
        first = _rounds(list(trials.values()))
        rounds = itertools.count(1)
        unseen = [trial for trial in trials.values() if not trial.at_the_end]
        looks = len(unseen) < len(trials)

        def enough(judged: Judged) -> bool:
            # A bug that shows at the end has had its faults after the first of each.
            if next(rounds) < len(first):
                return False
            unseen[:] = [one for one in unseen if not _said(judged(one.models), one)]
            return not unseen

        judgement = self._run(",".join(names), first * ROUNDS, models, enough, looks)
        return {name: _said(judgement, trial) for name, trial in trials.items()}

    def of_none(self, trials: Sequence[Trial]) -> list[str]:
        """Violations from the same models under the same faults, without a bug."""
        models = sorted({model for trial in trials for model in trial.models})
        judgement = self._run("", _rounds(trials), models, lambda judged: False, looks=True)
        return [*dict.fromkeys(what for trial in trials for what in _said(judgement, trial))]

    def _run(
        self,
        name: str,
        rounds: Sequence[Round],
        models: Sequence[str],
        enough: Callable[[Judged], bool],
        looks: bool,
    ) -> Judgement:
        self._number += 1
        kinds = sorted({one.fault for round_ in rounds for one in round_.faults})
        folder = self._folder / f"{self._number}-{name or 'none'}"[:80]
        campaign = Campaign(folder, self._number, kinds, say=self._say)
        with patch.dict(os.environ, {write_steps_hook.FOLDER: str(folder)}):
            self._begin(name)
            judgement = campaign.try_on(self._cluster, rounds, models, enough, looks)
        (folder / "report.txt").write_text(judgement.report())
        return judgement

    def _begin(self, name: str) -> None:
        """Start the nodes anew, with a bug."""
        cluster = self._cluster
        for node, given in zip(cluster.nodes, self._given, strict=True):
            node.kill()
            node.settings = given | switch.settings(EXTENSIONS, name)
        # Data that the last bug left is nothing that this one did.
        for server in cluster.redis.primaries():
            with server.client() as client:
                client.flushall()
        for node in cluster.nodes:
            node.begin()
        for node in cluster.nodes:
            node.wait()
        cluster.wait_until_ready()


@contextmanager
def trials(folder: Path, say: Callable[[str], None]) -> Iterator[Trials]:
    """A topology without Prometheus, which no bug needs."""
    with tempfile.TemporaryDirectory(prefix="yoto-planted-") as below:
        with topology(Path(below), prometheus=False) as cluster:
            yield Trials(cluster, folder, say)


def _rounds(trials: Sequence[Trial]) -> list[Round]:
    """Load alone, where that is enough for one of them, and then each fault once."""
    faults = dict.fromkeys(fault for trial in trials for fault in trial.faults)
    quiet = [Round(QUIET, ())] if any(not trial.faults for trial in trials) else []
    return quiet + [
        Round(CALM, (Planned(fault, 0.0, seconds, seed=number),))
        for number, (fault, seconds) in enumerate(faults)
    ]


def _said(judgement: Judgement, trial: Trial) -> list[str]:
    return [
        f"{model}: {what}"
        for model in trial.models
        for what in judgement.findings[model].violations
    ]
