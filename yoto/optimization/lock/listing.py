"""The list of locks held anywhere, as their processes report it from time to time.

The locks of an application lie in many slots of a cluster, so that no script can keep a list of
them in the call that takes one. Each process reports its long-held locks; taking and giving
back cost nothing more.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import inf
from time import monotonic

from yoto.housekeeping import Housekeeper
from yoto.moments import milliseconds
from yoto.optimization.lock.holding import Holding
from yoto.optimization.lock.scripts import LISTING, PUBLISH
from yoto.redis import REDIS_UNAVAILABLE, RedisConnection

log = logging.getLogger(__name__)

# s for which a lock is held before it is reported.
LISTED_AFTER = 1.0
# s between reports, and the least for which one counts.
INTERVAL = 2.0
COUNTS_FOR = 6.0
# How many locks a process reports, the longest held ones, and how many processes may report.
MAX_LOCKS = 50
MAX_PROCESSES = 200
# Longer names are not reported: the list is for people, and has a limit.
MAX_NAME = 200


@dataclass(frozen=True, slots=True)
class ListedLock:
    """A lock that some process reported.

    Attributes:
        key: its name.
        token: its fencing token.
        holder: the process.
        held_for: seconds by now.
        silent_for: seconds since the report. A lock of a dead process is listed until its lease
            ends.
    """

    key: str
    token: int
    holder: str
    held_for: float
    silent_for: float


class Listing:
    """Reports the locks of this process, and lists those of all."""

    def __init__(
        self, redis: RedisConnection, holder: str, held: Callable[[], list[Holding]]
    ) -> None:
        """``held`` gives the present holdings of this process."""
        self._redis = redis
        self._holder = holder
        self._held = held
        self._keys = redis.keys.lock_listing(), redis.keys.lock_listing("words")
        self._speaking = False
        self._housekeeper = Housekeeper("yoto-lock-listing")
        self._speak_now = self._housekeeper.add("publish", self._publish)

    def something_is_held(self) -> None:
        """Whether there is a lock to report; cheap while that is known."""
        if not self._speaking:
            self._speaking = True
            self._housekeeper.start()
            self._speak_now()

    def close(self) -> None:
        """End the thread; past reports expire."""
        self._housekeeper.stop()
        self._speaking = False

    def all(self) -> list[ListedLock]:
        """The reports of all processes, the longest held first.

        Raises:
            StoreUnavailable: Redis did not respond.
        """
        flat = self._redis.scripts.run(LISTING, self._keys)
        reports = zip(flat[::3], flat[1::3], flat[2::3], strict=True)
        locks = [lock for word in reports for lock in _read(*word)]
        return sorted(locks, key=lambda lock: -lock.held_for)

    def _publish(self) -> float:
        now = monotonic()
        long = [one for one in self._held() if now - one.taken_at >= LISTED_AFTER]
        if not long:
            self._speaking = False
        try:
            self._say(long, now)
        except REDIS_UNAVAILABLE as error:
            log.debug("the locks of this process are not listed now: %s", error)
        return INTERVAL if long else inf

    def _say(self, holdings: Sequence[Holding], now: float) -> None:
        named = [one for one in holdings if len(one.key) <= MAX_NAME]
        named.sort(key=lambda one: one.taken_at)
        # How long a lock stays listed if this process dies now.
        lasts = [max(COUNTS_FOR, one.ends_at - now) for one in named[:MAX_LOCKS]]
        word = [
            [one.key, one.token, now - one.taken_at, last]
            for one, last in zip(named, lasts, strict=False)
        ]
        longest = milliseconds(max(lasts)) if lasts else 0
        self._redis.scripts.run(
            PUBLISH, self._keys, [self._holder, longest, json.dumps(word), MAX_PROCESSES]
        )


def _read(holder: bytes, silent_ms: int, word: bytes) -> list[ListedLock]:
    silent = silent_ms / 1000
    return [
        ListedLock(key, token, holder.decode(), held_for + silent, silent)
        for key, token, held_for, lasts in json.loads(word)
        if silent < lasts
    ]
