"""The network between two kinds of processes is cut, slow, silent, or says something else."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from proof.campaign.faults.base import Branch, Fault
from proof.campaign.faults.seen import (
    DATABASE_AWAY,
    NGINX_NOTICED,
    OF_REDIS,
    POLICIES_AWAY,
    REDIS_AWAY,
    Seen,
    answered,
    both,
    touched,
)

if TYPE_CHECKING:
    from proof.campaign.history import Effect
    from proof.cluster import Cluster

# Seconds of a delay, by the far end: shorter than it may take to answer. So followers of Redis are
# behind for as long as the fault lasts, and still believed.
DELAYS = {"app": 0.4, "redis": 0.15, "database": 0.4, "opa": 0.4}
SLOW = 2000  # bytes a second
# The near and the far end, and how one sees that the product met it.
PAIRS: dict[tuple[str, str], Seen] = {
    ("nginx", "app"): NGINX_NOTICED,
    ("app", "redis"): REDIS_AWAY,
    ("app", "database"): DATABASE_AWAY,
    ("app", "opa"): POLICIES_AWAY,
}
# Requests of clients for which the far end is needed; empty: all.
ANSWERED: dict[tuple[str, str], tuple[str, ...]] = {
    ("nginx", "app"): (),
    ("app", "redis"): OF_REDIS,
    ("app", "database"): ("row read", "row write"),
    ("app", "opa"): ("policies ask",),
}
EFFECTS: dict[tuple[str, str], tuple[Effect, ...]] = {
    ("nginx", "app"): ("silent",),
    ("app", "redis"): ("no-redis",),
}
WAYS: dict[str, Callable[[Any, str], None]] = {
    "cut": lambda link, to: link.cut(),
    "delay": lambda link, to: link.delay(DELAYS[to]),
    "garbage": lambda link, to: link.garbage(),
    "half-open": lambda link, to: link.half_open(),
    "slow": lambda link, to: link.slow(SLOW),
}


class LinkFault(Fault):
    """All links of one process to the other kind; ``link_faults`` makes the kinds of it."""

    seconds = (3.0, 7.0)
    pair: tuple[str, str]
    way: str

    def __init__(self) -> None:
        self._links: list[Any] = []

    def begin(self, cluster: Cluster, rng: random.Random) -> str:
        first, second = self.pair
        froms = sorted({one for one, to in cluster.links if _is(one, first) and _is(to, second)})
        chosen = rng.choice(froms)
        pairs = sorted(
            (one, to)
            for one, to in cluster.links
            if _is(to, second) and (one == chosen or first == "nginx")
        )
        # nginx has one link to each node, and goes on with the other.
        if first == "nginx":
            pairs = [rng.choice([pair for pair in pairs if pair[0] == chosen])]
        for pair in pairs:
            link = cluster.links[pair]
            self._links.append(link)
            WAYS[self.way](link, second)
        return f"{pairs[0][0]} to {pairs[0][1] if len(pairs) == 1 else second + ' (all)'}"

    def end(self) -> None:
        while self._links:
            self._links.pop().heal()


def link_faults() -> list[type[LinkFault]]:
    """One kind of fault for each pair and each way."""
    return [_kind(pair, way, seen) for pair, seen in PAIRS.items() for way in WAYS]


def _kind(pair: tuple[str, str], way: str, seen: Seen) -> type[LinkFault]:
    met = touched(*pair)
    if way in ("delay", "slow"):
        branch = Branch("slower, and answered", both(met, answered(*ANSWERED[pair])))
    elif way == "cut":
        branch = Branch("an end is an outage", both(met, seen))
    else:
        branch = Branch("no sense in time: an outage", both(met, seen))
    attributes = {
        "__doc__": f"{pair[0]} to {pair[1]}: {way}.",
        "name": f"link-{pair[0]}-{pair[1]}-{way}",
        "pair": pair,
        "way": way,
        "effects": EFFECTS.get(pair, ()),
        "branches": (branch,),
    }
    return type(f"Link{way.title().replace('-', '')}", (LinkFault,), attributes)


def _is(name: str, kind: str) -> bool:
    return name.rstrip("0123456789") == kind
