"""The counts in Redis: two sorted sets that share one slot.

The maths is exponential decay, counted forward.
A request that happened ``a`` ms ago weighs ``exp(-a / life)``. The weights of a steady rate add up
to the count of a plain window as long as ``life``, without its edge.

Every stored weight would change all the time. Counted forward (Cormode, Shkapenyuk, Srivastava, Xu:
Forward Decay, ICDE 2009) a request at ``t`` adds the fixed ``exp(t / life)``, and the count as of
``now`` is the sum divided by ``exp(now / life)``, the same for all: their order never changes
between two requests, as a sorted set needs it. The sum itself would overflow within weeks
of any landmark, so its logarithm is kept, as a time in ms::

    score = life * ln(sum of exp(t_i / life))        count = exp((score - now) / life)

One request at ``t`` has the score ``t``; ``n`` of them have ``t + life * ln n``; two scores join to
``high + life * ln(1 + exp((low - high) / life))``. A double holds ms since 1970 to a quarter of a
microsecond, which is a relative error of the count below 1e-11 for a life of a day.

At most so many members are kept by Space-Saving (Metwally, Agrawal, El Abbadi 2005): a newcomer
without room takes over the score of the least and adds to it. With total weight W and N members,
every member with more than W / N is kept, and no count is too high by more than W / N.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import exp
from typing import NamedTuple

from yoto.nodes import key_of_place_text, place_text
from yoto.redis import RedisConnection, load_script
from yoto.rooms.warm_up.hot.gathering import Pair
from yoto.rooms.warm_up.settings import HotSettings

_PACKAGE = "yoto.rooms.warm_up.hot.lua"
_FLUSH = load_script(_PACKAGE, "flush.lua")
_TOP = load_script(_PACKAGE, "top.lua")
_FORGET = load_script(_PACKAGE, "forget.lua")

# A member with a smaller count is forgotten: one request, after three mean lives.
FAINT = 0.05
# Mean lives after which sets without new requests expire: a thousand requests have
# faded by then.
KEPT_LIVES = 10
# Members a call: Redis does nothing else for about a millisecond.
MEMBERS_A_CALL = 1_000


class HotPair(NamedTuple):
    """A user in a place, with the decayed number of their requests."""

    user_id: int
    place: int
    requests: float


class HotRole(NamedTuple):
    """A role, with the decayed number of requests that it took part in."""

    role_id: int
    requests: float


@dataclass(frozen=True, slots=True)
class HotBatch:
    """The additions of one call.

    Attributes:
        number: counts the batches of the process, from 1.
        gathered_at: monotonic seconds.
        pairs, roles: how many requests each had.
    """

    number: int
    gathered_at: float
    pairs: Mapping[Pair, int]
    roles: Mapping[int, int]


class HotStore:
    """Reads and writes the counts. Every method raises ``StoreUnavailable``."""

    def __init__(self, redis: RedisConnection, settings: HotSettings) -> None:
        """Nothing connects before the first call."""
        self._redis = redis
        self._settings = settings
        keys = redis.keys
        self._pairs, self._roles, self._latest = (
            keys.hot("pairs"),
            keys.hot("roles"),
            keys.hot("latest"),
        )

    def add(self, process: str, batch: HotBatch, age: float) -> None:
        """Add ``batch``, gathered ``age`` seconds ago; adding it again changes nothing.

        Args:
            process: the process that gathered it; its batches come in the order of their numbers.
        """
        settings = self._settings
        keys = [self._pairs, self._roles, self._latest, self._redis.keys.hot("batch", process)]
        args: list[str | float] = [
            batch.number,
            age * 1000,
            settings.life_ms,
            settings.members,
            FAINT,
            int(settings.life_ms * KEPT_LIVES),
            len(batch.pairs),
        ]
        for (user_id, place), count in batch.pairs.items():
            args += (f"{user_id}:{place_text(place)}", count)
        for role_id, count in batch.roles.items():
            args += (str(role_id), count)
        self._redis.scripts.run(_FLUSH, keys, args)

    def pairs(self, limit: int) -> list[HotPair]:
        """The hottest pairs, hottest first."""
        found = []
        for member, count in self._top(self._pairs, limit):
            user_id, _, text = member.partition(":")
            try:
                place = key_of_place_text(text)
            except ValueError:
                continue  # from a version that named places differently
            found.append(HotPair(int(user_id), place, count))
        return found

    def roles(self, limit: int) -> list[HotRole]:
        """The hottest roles, hottest first."""
        return [HotRole(int(member), count) for member, count in self._top(self._roles, limit)]

    def forget(self, pairs: Iterable[Pair]) -> int:
        """Forget pairs; how many were there."""
        members = [f"{user_id}:{place_text(place)}" for user_id, place in pairs]
        gone = 0
        for start in range(0, len(members), MEMBERS_A_CALL):
            some = members[start : start + MEMBERS_A_CALL]
            gone += int(self._redis.scripts.run(_FORGET, [self._pairs], some))
        return gone

    def _top(self, key: str, limit: int) -> Iterator[tuple[str, float]]:
        for first in range(0, limit, MEMBERS_A_CALL):
            last = min(limit, first + MEMBERS_A_CALL) - 1
            reply: Sequence[bytes] = self._redis.scripts.run(
                _TOP, [key, self._latest], [first, last]
            )
            now = float(reply[0])
            for member, score in zip(reply[1::2], reply[2::2], strict=True):
                yield member.decode(), count_at(float(score), now, self._settings.life_ms)
            if len(reply) // 2 <= last - first:
                return


def count_at(score: float, now: float, life: float) -> float:
    """The decayed count of ``score`` at ``now``; all in ms."""
    return exp((score - now) / life)
