"""Which fault comes when, from a seed: the same seed, the same sequence.

A run is a row of rounds: one fault, or two that overlap, then a quiet period in which recovery is
measured. Kinds are dealt like cards: each comes once before any comes twice, so that a run that is
long enough has all of them.
"""

from __future__ import annotations

import json
import random
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from proof.campaign.faults import FAULTS

OVERLAP = 0.3  # share of rounds in which a second fault begins before the first one ends
GAP = (1.0, 3.0)  # s of calm after the last recovery, before the next round
# Duration of a start of the topology with the last recovery, and of a mean recovery; s.
RECOVERY = 4.0


@dataclass(frozen=True)
class Planned:
    """One fault of a round.

    Attributes:
        after: seconds from the round's beginning.
        seconds: how long it lasts.
        seed: of its choices, such as its target.
    """

    fault: str
    after: float
    seconds: float
    seed: int


@dataclass(frozen=True)
class Round:
    """Faults that overlap, and the calm before them in seconds."""

    calm: float
    faults: tuple[Planned, ...]

    @property
    def seconds(self) -> float:
        """From the calm to the last fault's end."""
        return self.calm + max(one.after + one.seconds for one in self.faults)


def plan(seed: int, seconds: float, kinds: Iterable[str]) -> list[Round]:
    """Rounds for about that long; at least one of each kind if there is time."""
    rng = random.Random(seed)
    deck: list[str] = []
    names = sorted(kinds)
    rounds: list[Round] = []
    spent = 0.0
    while spent < seconds:
        chosen = [_deal(deck, names, rng)]
        if not FAULTS[chosen[0]].alone and len(names) > 1 and rng.random() < OVERLAP:
            second = _deal(deck, names, rng)
            if FAULTS[second].alone or second == chosen[0]:
                deck.append(second)
            else:
                chosen.append(second)
        rounds.append(_round(chosen, rng))
        spent += rounds[-1].seconds + RECOVERY
    return rounds


def one_of_each(seed: int, kinds: Sequence[str]) -> list[Round]:
    """Each kind once, in this order, none beside another."""
    rng = random.Random(seed)
    return [_round([name], rng) for name in kinds]


def save(rounds: Sequence[Round], path: Path) -> None:
    """Keep a schedule for ``--replay``."""
    path.write_text(json.dumps([asdict(one) for one in rounds], indent=1), encoding="utf-8")


def load(path: Path) -> list[Round]:
    """The inverse of ``save``."""
    found = json.loads(path.read_text(encoding="utf-8"))
    return [Round(one["calm"], tuple(Planned(**fault) for fault in one["faults"])) for one in found]


def _deal(deck: list[str], names: list[str], rng: random.Random) -> str:
    if not deck:
        deck.extend(rng.sample(names, len(names)))
    return deck.pop()


def _round(names: Sequence[str], rng: random.Random) -> Round:
    planned, after = [], 0.0
    for name in names:
        shortest, longest = FAULTS[name].seconds
        seconds = round(rng.uniform(shortest, longest), 2)
        planned.append(Planned(name, round(after, 2), seconds, rng.getrandbits(32)))
        after += rng.uniform(0.2, 0.8) * seconds
    return Round(round(rng.uniform(*GAP), 2), tuple(planned))
