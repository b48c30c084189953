"""Traces of navigation in a community app, from a documented model, and one without any pattern.

The model: each user belongs to a few servers and has a handful of favourite channels, liked by a
Zipf law. Users come in sessions, each at the pace of a Poisson process and most often in the hours
that are theirs; a session has a geometric number of steps with a log-normal time between them. A
step, most of the time, follows a habit of that very user: after the last two places comes a certain
third. Else it is a favourite, or now and then any channel of any of their servers.

Without a pattern there are the same users, sessions and times, and each step goes to any channel of
the whole platform, all equally likely. A pattern may also be lost: up to some request people follow
their habits, and after it none, so that what was learned is wrong.
"""

from __future__ import annotations

import heapq
import random
from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

from yoto.permission import Place

HOUR = 3600.0


class Request(NamedTuple):
    """A request for a place; ``at`` in s of the trace."""

    at: float
    user_id: int
    action: str
    place: Place


@dataclass(frozen=True, slots=True)
class Shape:
    """Sizes of the model.

    Attributes:
        users, servers, channels: people; servers; channels of each server.
        memberships, favourites: of each user.
        zipf: exponent of the popularity of favourites.
        habit, wander: probability that a step follows a habit, and that it goes anywhere else.
        session_steps: steps of a session on average.
        step_median, step_sigma: s between steps, log-normal.
        away: s between sessions of a user on average, within their hours.
    """

    users: int = 400
    servers: int = 60
    channels: int = 25
    memberships: int = 4
    favourites: int = 8
    zipf: float = 0.8
    habit: float = 0.65
    wander: float = 0.05
    session_steps: float = 12.0
    step_median: float = 8.0
    step_sigma: float = 0.9
    away: float = 2 * HOUR


class Person:
    """One user's places and habits, the same each time for the same seed."""

    def __init__(self, user_id: int, shape: Shape, source: random.Random) -> None:
        self.id = user_id
        self._shape = shape
        self._source = source
        servers = source.sample(range(1, shape.servers + 1), shape.memberships)
        self._all = [
            server * 1000 + channel for server in servers for channel in range(shape.channels)
        ]
        self.favourites = source.sample(self._all, shape.favourites)
        self._weights = [1 / (rank + 1) ** shape.zipf for rank in range(shape.favourites)]
        self._habits: dict[tuple[int, int], int] = {}
        self.wakes = source.choice((6, 12, 17)) * HOUR

    def step(self, before: int, last: int) -> int:
        """The channel that comes after two others."""
        shape, source = self._shape, self._source
        chance = source.random()
        if chance < shape.wander:
            return source.choice(self._all)
        if chance < shape.wander + shape.habit and (before or last):
            habit = self._habits.get((before, last))
            if habit is None:
                habit = self._habits[before, last] = self._favourite()
            return habit
        return self._favourite()

    def _favourite(self) -> int:
        return self._source.choices(self.favourites, self._weights)[0]


def navigation(shape: Shape, length: int, seed: int, habits: float = 1.0) -> Iterator[Request]:
    """The first ``length`` requests of a trace, by time.

    Args:
        habits: share of the requests, from the first on, in which there is a pattern.
    """
    source = random.Random(seed)
    people = {one: Person(one, shape, source) for one in range(1, shape.users + 1)}
    agenda: list[tuple[float, int, int, int, int]] = []
    for person in people.values():
        heapq.heappush(agenda, (_arrival(person, shape, 0.0, source), person.id, 0, 0, 0))
    produced = 0
    while produced < length:
        at, user_id, before, last, left = heapq.heappop(agenda)
        person = people[user_id]
        if not left:
            before = last = 0
            left = 1 + int(source.expovariate(1 / (shape.session_steps - 1)))
        if produced < habits * length:
            channel = person.step(before, last)
        else:
            channel = any_channel(shape, source)
        yield Request(at, user_id, "channel.read", Place("channel", channel))
        produced += 1
        left -= 1
        if left:
            at += shape.step_median * source.lognormvariate(0, shape.step_sigma)
        else:
            at = _arrival(person, shape, at, source)
        heapq.heappush(agenda, (at, user_id, last, channel, left))


def any_channel(shape: Shape, source: random.Random) -> int:
    """Any channel of the platform, all equally likely."""
    return source.randint(1, shape.servers) * 1000 + source.randrange(shape.channels)


def _arrival(person: Person, shape: Shape, after: float, source: random.Random) -> float:
    """When the next session begins: a Poisson process in the person's eight hours of the day."""
    at = after + source.expovariate(1 / shape.away)
    into_the_day = (at - person.wakes) % (24 * HOUR)
    if into_the_day > 8 * HOUR:
        at += 24 * HOUR - into_the_day + source.random() * HOUR
    return at
