"""``python -m proof.soak``: one run; exit code 1 if something drifts."""

from __future__ import annotations

import argparse
import random
import sys
import tempfile
import time
from pathlib import Path

from proof.campaign.clients.base import World
from proof.campaign.clients.rights import new_community
from proof.campaign.history import History
from proof.cluster import Cluster
from proof.soak.drift import Outcome, Verdict, table
from proof.soak.samples import Sampler, verdicts
from proof.soak.traffic import READERS, Changer, Readers, Replacement, Sockets, broken

HOUR = 3600.0
SHARE = 0.7
# The share of the run in which caches fill and connections open; it is not judged.
WARM_UP = 0.2
SETTINGS = {
    # Only clients that mean to sign in anew do so within a run.
    "ACCESS_TOKEN_SECONDS": "14400",
}


def main(arguments: list[str]) -> int:
    """Run, print the table; the exit code."""
    parser = argparse.ArgumentParser(prog="python -m proof.soak", description=__doc__)
    parser.add_argument("--seconds", type=float, default=HOUR, help="of load (3600)")
    parser.add_argument("--share", type=float, default=SHARE, help="of the capacity (0.7)")
    parser.add_argument("--workers", type=int, default=2, help="of each of the two nodes (2)")
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(2**32))
    options = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory(prefix="yoto-soak-") as folder:
        found, wrong = soak(Path(folder), options)
    print(table(found))
    for line in wrong:
        print(f"BROKEN: {line}")
    drifts = [one.name for one in found if one.outcome is Outcome.DRIFTS]
    counted = {outcome: sum(one.outcome is outcome for one in found) for outcome in Outcome}
    print(", ".join(f"{number} {outcome}" for outcome, number in counted.items()))
    return 1 if drifts or wrong else 0


def soak(folder: Path, options: argparse.Namespace) -> tuple[list[Verdict], list[str]]:
    """The verdict on each series, and what went wrong otherwise."""
    seconds: float = options.seconds
    cluster = Cluster(
        folder / "cluster", workers=options.workers, prometheus=False, settings=SETTINGS
    )
    with cluster:
        (folder / "history").mkdir()
        world = World(cluster.url, cluster.ca, History(folder / "history"), options.seed)
        place, (changed, *members) = new_community(world, "soak", READERS + 1)
        change = Changer(world, place, changed, members, cluster)
        readers = Readers(world, place, members)
        sockets = Sockets(world, place, members)
        # Their part of the machine is not there for those who read.
        for client in (change, sockets):
            client.start()
        measured = min(60.0, seconds / 4)
        # The first third warms up.
        readers.measure(measured / 3)
        capacity = readers.measure(measured)
        rate = options.share * capacity
        asked = f"{rate:.0f} of them for {seconds:.0f} s"
        print(f"capacity {capacity:.0f} requests/s; {asked}, seed {options.seed}", flush=True)
        readers.hold(rate)
        replacement = Replacement(cluster, seconds / 8)
        sampler = Sampler(cluster, readers, min(5.0, seconds / 120))
        before, begun = readers.answers, time.monotonic()
        replacement.start()
        sampler.start()
        world.over.wait(seconds)
        # In the order in which they depend on each other.
        sampler.stop()
        replacement.stop()
        world.over.set()
        for thread in (change, sockets):
            thread.join(120)
        sockets.finish()
        answers = readers.answers - before
        readers.stop()
        lasted = time.monotonic() - begun
        acts = ", ".join(f"{n} {act}" for act, n in sorted(change.acts.items()))
        print(f"{answers} requests in {lasted:.0f} s, {sampler.looks} samples; changes: {acts};")
        print(f"sockets: {sockets.opened}, {sockets.refused} more refused;", end=" ")
        print(f"workers replaced: {replacement.replaced}", flush=True)
        wrong = [f"{n} requests: {said}" for said, n in readers.wrong.most_common(10)]
        wrong += [f"{n} changes: {said}" for said, n in change.failed.most_common(10)]
        wrong += broken([change, sockets, replacement, sampler, *readers.threads])
        return verdicts(sampler, begun + WARM_UP * seconds), wrong


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
