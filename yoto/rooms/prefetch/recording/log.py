"""The behaviour log: one Redis stream from which every worker learns the others' actions."""

from __future__ import annotations

from typing import Any, NamedTuple

from yoto.events import BEGINNING
from yoto.events import position as place_of
from yoto.redis import RedisConnection, load_script
from yoto.rooms.prefetch.recording.batch import VisitBatch, age_ms, from_log, to_log
from yoto.rooms.prefetch.recording.history import FORGOTTEN_MS, PACKAGE, SECOND_MS
from yoto.rooms.prefetch.settings import PrefetchSettings
from yoto.rooms.prefetch.steps import UserBehavior

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
