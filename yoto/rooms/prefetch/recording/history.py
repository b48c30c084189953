"""Redis histories of single users: their newest actions, each under an id, for a limited time."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from yoto.redis import RedisConnection, load_script
from yoto.rooms.prefetch.recording.batch import VisitBatch, age_ms, from_member, to_member
from yoto.rooms.prefetch.settings import PrefetchSettings
from yoto.rooms.prefetch.steps import UserBehavior

PACKAGE = "yoto.rooms.prefetch.lua"
_KEEP = load_script(PACKAGE, "keep.lua")
_HISTORY = load_script(PACKAGE, "history.lua")
_FORGET = load_script(PACKAGE, "forget_history.lua")

SECOND_MS = 1000
# ms for which a user is remembered as forgotten: longer than actions wait anywhere.
FORGOTTEN_MS = 3600 * SECOND_MS


class Kept(NamedTuple):
    """The history of a user.

    Attributes:
        server_ms: Redis time when it was read.
        activities: oldest first.
    """

    server_ms: float
    activities: list[UserBehavior]


class BehaviourHistory:
    """Reads and writes histories. Every method raises ``StoreUnavailable``."""

    def __init__(self, redis: RedisConnection, settings: PrefetchSettings) -> None:
        """Nothing connects before the first use."""
        self._redis = redis
        self._size = settings.history
        self._kept_ms = int(settings.retention * SECOND_MS)

    def keep(self, batch: VisitBatch, moment: float) -> list[int]:
        """Store a batch, one round trip a server; returns the users for whom that failed.

        Args:
            moment: now, on the monotonic clock.
        """
        calls: list[Any] = []
        for user_id, visits in batch.visits.items():
            args: list[Any] = [self._size, self._kept_ms]
            for index, visit in enumerate(visits):
                args += age_ms(visit, moment), to_member(batch, index, visit)
            calls.append((_KEEP, self._keys(user_id), args))
        replies = self._redis.scripts.run_many(calls, raise_errors=False)
        return [
            user_id
            for user_id, reply in zip(batch.visits, replies, strict=True)
            if isinstance(reply, Exception)
        ]

    def read(self, user_ids: Sequence[int]) -> dict[int, Kept]:
        """Histories of some users, one round trip a server; unavailable ones are left out."""
        calls: list[Any] = [
            (_HISTORY, self._keys(user_id)[:1], [self._kept_ms]) for user_id in user_ids
        ]
        replies = self._redis.scripts.run_many(calls, raise_errors=False)
        return {
            user_id: _kept(user_id, reply)
            for user_id, reply in zip(user_ids, replies, strict=True)
            if not isinstance(reply, Exception)
        }

    def forget(self, user_id: int) -> bool:
        """Delete a user's history, and reject actions on their way; whether there was any."""
        return bool(self._redis.scripts.run(_FORGET, self._keys(user_id), [FORGOTTEN_MS]))

    def _keys(self, user_id: int) -> list[str]:
        keys = self._redis.keys
        return [keys.behaviour_history(user_id), keys.behaviour_history(user_id, "forgotten")]


def _kept(user_id: int, reply: Sequence[Any]) -> Kept:
    server_ms, *flat = reply
    activities = []
    for member, at_ms in zip(flat[::2], flat[1::2], strict=True):
        activity = from_member(user_id, member, float(at_ms))
        if activity is not None:
            activities.append(activity)
    return Kept(float(server_ms), activities)
