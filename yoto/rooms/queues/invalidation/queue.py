"""The invalidation queue in Redis: durable, shared by all processes, published by one claim."""

from __future__ import annotations

import secrets
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import NamedTuple, TypeVar

from yoto.errors import ValidationFailed
from yoto.redis import RedisConnection, load_script
from yoto.rooms.queues.invalidation.names import (
    LEVELS,
    NOTHING,
    UNCOVERED,
    Group,
    QueueKeys,
    group_keys,
)
from yoto.rooms.queues.invalidation.plan import Line, Plan
from yoto.rooms.queues.invalidation.requests import Submission
from yoto.rooms.queues.invalidation.snapshot import (
    RATE_WINDOW_MS,
    InvalidationSnapshot,
    to_snapshot,
)
from yoto.rooms.queues.settings import InvalidationSettings, Strategy

# ms, refreshed by each use; longer than any item waits while there is a worker, or is due ahead.
TTL_MS = 7 * 24 * 3600 * 1000
MAX_AHEAD_MS = 6 * 24 * 3600 * 1000
# ms for which published moments are remembered, so that a second look publishes nothing twice.
KNOWN_FOR_MS = 3600 * 1000
# Items a script call: some ms of Redis's time.
CHUNK = 500
SINGLES = 500
DUE = 2_000
# Groups that a worker sees at once, by size and by age.
LARGEST = 1_000
OLDEST = 50
REASONS = 20

_PACKAGE = "yoto.rooms.queues.invalidation.lua"
_SUBMIT = load_script(_PACKAGE, "submit.lua")
_DELAY = load_script(_PACKAGE, "delay.lua")
_LOOK = load_script(_PACKAGE, "look.lua")
_TAKE = load_script(_PACKAGE, "take.lua")
_FINISH = load_script(_PACKAGE, "finish.lua")
_FORCE = load_script(_PACKAGE, "force.lua")

T = TypeVar("T")


class Receipt(NamedTuple):
    """Confirms that Redis has the submitted items.

    Attributes:
        at_ms: Redis's time at which it had the last of them.
        new: items that did not wait already.
    """

    at_ms: int
    new: int


@dataclass(frozen=True, slots=True)
class Claim:
    """Items that one worker at a time publishes; they stay in Redis until it has finished."""

    id: str
    strategy: Strategy
    items: int
    lines: tuple[Line, ...]


class InvalidationQueue:
    """Runs the scripts. Every method raises ``StoreUnavailable`` when Redis does not respond.

    Attributes:
        settings: its pace and limits; may be replaced.
    """

    def __init__(self, redis: RedisConnection, settings: InvalidationSettings) -> None:
        """Nothing connects before the first use."""
        self._redis = redis
        self.settings = settings
        self._keys = QueueKeys.of(redis.keys)

    def submit(self, submissions: Iterable[Submission]) -> Receipt:
        """Store items to be published as soon as possible; in chunks, if there are many.

        When it raises, some may have been stored; to submit them again does no harm.
        """
        times = Counter(
            (Group(one.level, one.covering), one.subject, one.reason) for one in submissions
        )
        at_ms = new = 0
        for chunk in _chunks(times.items(), CHUNK):
            numbers: dict[Group, int] = {}
            items: list[str | int] = []
            for (group, subject, reason), count in chunk:
                number = numbers.setdefault(group, len(numbers) + 1)
                items += (number, subject, reason, count)
            keys = [*self._keys[:5], *self._keys_of(numbers)]
            args: list[str | int] = [TTL_MS, RATE_WINDOW_MS, len(numbers)]
            args += [group.name for group in numbers]
            args += items
            at_ms, added = self._redis.scripts.run(_SUBMIT, keys, args)
            new += added
        return Receipt(at_ms, new)

    def delay(self, submissions: Iterable[Submission]) -> Receipt:
        """Store items to be published when they are due.

        Raises:
            ValidationFailed: one is due too far ahead; of its chunk nothing was stored.
        """
        keys = self._keys
        at_ms = new = 0
        for chunk in _chunks(dict.fromkeys(submissions), CHUNK):
            args: list[str | int] = [TTL_MS, MAX_AHEAD_MS, KNOWN_FOR_MS]
            for one in chunk:
                assert one.due is not None
                due_ms = round(one.due * 1000)
                args += (due_ms, one.level, one.subject, one.covering or NOTHING, one.reason)
            at_ms, added = self._redis.scripts.run(
                _DELAY, [keys.state, keys.later, keys.why_later, keys.told], args
            )
            if added < 0:
                days = MAX_AHEAD_MS // (24 * 3600 * 1000)
                raise ValidationFailed({"due": f"must be at most {days} days ahead"})
            new += added
        return Receipt(at_ms, new)

    def look(self, largest: int = LARGEST) -> InvalidationSnapshot:
        """The queue as it is, with so many of its largest groups."""
        args: list[str | int] = [largest, OLDEST, REASONS]
        args += [group.name for group in UNCOVERED]
        return to_snapshot(self._redis.scripts.run(_LOOK, self._keys[:8], args))

    def take(self, plan: Plan) -> Claim | None:
        """Claim the items of ``plan``, or give the existing claim; None: nothing may be taken."""
        settings = self.settings
        groups = [(one.group, one.subject) for one in plan.whole]
        groups += [(group, "") for group in plan.singles]
        args: list[str | int] = [
            secrets.token_hex(8),
            TTL_MS,
            RATE_WINDOW_MS,
            settings.pace if plan.paced else 0,
            round(settings.max_delay * 1000),
            SINGLES,
            DUE,
            plan.strategy,
        ]
        for group, subject in groups:
            args += (group.name, subject)
        keys = [*self._keys, *self._keys_of(group for group, _ in groups)]
        reply = self._redis.scripts.run(_TAKE, keys, args)
        return None if reply is None else _claim(reply)

    def finish(self, claim: Claim, position: str, subjects: int) -> bool:
        """Note that the log has the claim at ``position``, as so many subjects.

        Returns:
            False if another worker did so before, since we were slow: it was published twice.
        """
        args = (claim.id, position, subjects, TTL_MS, RATE_WINDOW_MS)
        keys = [self._keys.state, self._keys.claim]
        done: bool = self._redis.scripts.run(_FINISH, keys, args) == 1
        return done

    def force(self, strategy: Strategy | None, seconds: float, reason: str) -> None:
        """Make every worker follow ``strategy`` for so long; None: the strategy of the analysis."""
        args = (strategy or "", round(seconds * 1000), reason, TTL_MS)
        self._redis.scripts.run(_FORCE, [self._keys.state], args)

    def _keys_of(self, groups: Iterable[Group]) -> list[str]:
        return [key for group in groups for key in group_keys(self._redis.keys, group)]


def _claim(reply: Sequence[bytes]) -> Claim:
    claim_id, strategy, items, lines = (part.decode() for part in reply)
    return Claim(claim_id, Strategy(strategy), int(items), tuple(map(_line, lines.split("\n"))))


def _line(text: str) -> Line:
    level, subject, covering = text.split(" ")
    # An unknown level is from a newer version: a full invalidation includes it.
    return Line(
        level if level in LEVELS else LEVELS[0],
        subject,
        None if covering == NOTHING else covering,
    )


def _chunks(items: Iterable[T], size: int) -> Iterator[list[T]]:
    iterator = iter(items)
    while chunk := list(islice(iterator, size)):
        yield chunk
