"""The behaviour log: one Redis stream from which every worker learns the others' actions."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from yoto.events import BEGINNING
from yoto.events import position as place_of
from yoto.redis import RedisConnection, load_script
from yoto.rooms.prefetch.recording.batch import (
    VisitBatch,
    age_ms,
    from_log,
    from_member,
    to_log,
    to_member,
)
from yoto.rooms.prefetch.settings import PrefetchSettings
from yoto.rooms.prefetch.steps import UserBehavior

PACKAGE = "yoto.rooms.prefetch.lua"
_APPEND = load_script(PACKAGE, "append.lua")
_TAIL = load_script(PACKAGE, "tail.lua")
_FORGET = load_script(PACKAGE, "forget_log.lua")

# Entries, each one user's actions in a second: a worker that starts learns from them. A few MB.
MAX_LENGTH = 10_000
# Entries a script looks at when a user is forgotten: a few ms.
FORGET_CHUNK = 1_000


class LogEntry(NamedTuple):
    """One entry.

    Attributes:
        writer: id of the worker that wrote it; empty for a forgetting.
        written_ms: Redis time.
        user_id: the acting user, or the one to be forgotten.
        activities: oldest first.
    """

    writer: str
    written_ms: float
    user_id: int
    activities: list[UserBehavior]

    @property
    def forgets(self) -> bool:
        """Whether it is an order to forget the user."""
        return not self.writer


class Tail(NamedTuple):
    """The result of a read.

    Attributes:
        server_ms: Redis time.
        position: the position to read on from.
        at_end: whether that was all.
    """

    server_ms: float
    position: str
    entries: list[LogEntry]
    at_end: bool


class BehaviourLog:
    """Writes and reads the log. Every method raises ``StoreUnavailable``."""

    def __init__(self, redis: RedisConnection, settings: PrefetchSettings) -> None:
        """Nothing connects before the first use."""
        self._redis = redis
        self._kept_ms = int(settings.retention * SECOND_MS)
        self.key = redis.keys.behaviour_log()
        self._forgotten = redis.keys.behaviour_log("forgotten")

    def append(self, batch: VisitBatch, moment: float) -> tuple[float, list[int]]:
        """Append a batch; doing so twice appends it once.

        Args:
            moment: now, on the monotonic clock.

        Returns:
            Redis time in ms, and the users whose actions were left out: they were forgotten since.
        """
        args: list[Any] = [batch.writer, batch.number, MAX_LENGTH, self._kept_ms, FORGOTTEN_MS]
        for user_id, visits in batch.visits.items():
            args += user_id, max(age_ms(one, moment) for one in visits), to_log(visits, moment)
        keys = [self.key, self._redis.keys.behaviour_log("last", batch.writer), self._forgotten]
        server_ms, *left_out = self._redis.scripts.run(_APPEND, keys, args)
        return float(server_ms), [int(one) for one in left_out]

    def read(self, position: str, limit: int) -> Tail:
        """At most ``limit`` entries after ``position``.

        When Redis has lost the log, and its clock is behind the old one, reading begins anew.
        """
        reply = self._redis.scripts.run(_TAIL, [self.key], [position, limit])
        server_ms, newest, raw = float(reply[0]), reply[1].decode(), reply[2]
        if not raw and place_of(newest) < place_of(position):
            return Tail(server_ms, BEGINNING, [], newest == BEGINNING)
        entries = [found for one in raw if (found := _entry(one)) is not None]
        at = raw[-1][0].decode() if raw else position
        return Tail(server_ms, at, entries, len(raw) < limit)

    def forget(self, user_id: int) -> None:
        """Delete a user's actions, reject those on their way, and notify every worker."""
        after = b""
        while True:
            args: list[Any] = [user_id, after, FORGET_CHUNK, self._kept_ms]
            after = self._redis.scripts.run(_FORGET, [self.key, self._forgotten], args)
            if not after:
                return


def _entry(raw: Any) -> LogEntry | None:
    entry_id, flat = raw
    fields = dict(zip(flat[::2], flat[1::2], strict=True))
    written_ms = place_of(entry_id.decode())[0]
    try:
        if b"f" in fields:
            return LogEntry("", written_ms, int(fields[b"f"]), [])
        writer, user_id = fields[b"w"].decode(), int(fields[b"u"])
        return LogEntry(writer, written_ms, user_id, from_log(user_id, fields[b"d"], written_ms))
    except (KeyError, ValueError):
        # Another program's entry, or a damaged one: there is nothing to learn from it.
        return None


_KEEP = load_script(PACKAGE, "keep.lua")
_HISTORY = load_script(PACKAGE, "history.lua")
_FORGET_HISTORY = load_script(PACKAGE, "forget_history.lua")

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
        return bool(self._redis.scripts.run(_FORGET_HISTORY, self._keys(user_id), [FORGOTTEN_MS]))

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
