"""A trace of requests, generated once by this model and then replayed from its file.

The person of a request is the n-th most active one with a probability like 1/n (Zipf's law, which
Breslau et al. 1999 found in web requests); activity has nothing to do with ids. They ask in
the n-th of their servers with a probability like 1/n, and in the n-th of its channels like
1/n^1.2. Requests come independently of each other, at a fixed mean rate (a Poisson process).
Nothing else repeats: no sessions, no time of day; a real trace repeats itself more.
"""

from __future__ import annotations

import random
from bisect import bisect
from collections.abc import Iterator, Sequence
from itertools import accumulate
from pathlib import Path
from typing import NamedTuple

from benchmarks.warmup.town import Town

CHANNEL_EXPONENT = 1.2
SEED = 1999


class Request(NamedTuple):
    """One request, ``at`` seconds after the beginning."""

    at: float
    user_id: int
    channel_id: int


def record(file: Path, town: Town, requests: int, rate: float) -> None:
    """Generate so many requests, ``rate`` a second, and write them to ``file``."""
    with open(file, "w", encoding="ascii") as lines:
        for one in _generate(town, requests, rate):
            lines.write(f"{one.at:.6f} {one.user_id} {one.channel_id}\n")


def read(file: Path) -> list[Request]:
    """Read the requests in the file of ``record``."""
    with open(file, encoding="ascii") as lines:
        fields = [line.split() for line in lines]
    return [Request(float(at), int(user), int(channel)) for at, user, channel in fields]


def _generate(town: Town, requests: int, rate: float) -> Iterator[Request]:
    chance = random.Random(SEED)
    people = chance.sample(town.people, len(town.people))
    by_rank = {number: _zipf(number, 1.0) for number in range(1, 10)}
    of_people = _zipf(len(people), 1.0)
    at = 0.0
    for _ in range(requests):
        at += chance.expovariate(rate)
        person = _pick(chance, people, of_people)
        some = town.servers_of[person]
        channels = town.channels_of[_pick(chance, some, by_rank[len(some)])]
        yield Request(at, person, _pick(chance, channels, _zipf(len(channels), CHANNEL_EXPONENT)))


def _zipf(number: int, exponent: float) -> list[float]:
    return list(accumulate(rank**-exponent for rank in range(1, number + 1)))


def _pick(chance: random.Random, items: Sequence[int], weights: Sequence[float]) -> int:
    return items[bisect(weights, chance.random() * weights[-1])]
