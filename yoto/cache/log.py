"""The invalidation log: one Redis stream that notifies every worker of changes.

The id of an entry is a ``Position``; ids only grow. An entry has two fields: ``n``, which counts
entries one by one so that a reader notices when some are missing, and ``s``, the tags. For a
delayed change, ``a`` is how many ms it had waited before.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from yoto.cache.position import ORIGIN, Position
from yoto.cache.tags import SEPARATOR, is_known
from yoto.errors import ValidationFailed
from yoto.redis import RawEntry, RedisConnection, load_script

# Entries. A worker reads them all when it starts; one that was cut off for longer than so many
# changes starts from nothing.
MAX_LENGTH = 20_000
# ms, refreshed by each entry. Much longer than anything cached lives.
TTL_MS = 7 * 24 * 3600 * 1000
# Subjects an entry: about 10 KiB.
MAX_SUBJECTS = 500

_APPEND = load_script("yoto.cache.lua", "append.lua")
_LISTEN = load_script("yoto.cache.lua", "listen.lua")


class LogEntry(NamedTuple):
    """One entry of the log; ``late_ms``: how old the change was when it came there, if it had to
    wait for a relay."""

    position: Position
    number: int
    tags: tuple[str, ...]
    late_ms: int = 0


class InvalidationLog:
    """Writes and reads the log.

    Every method raises ``StoreUnavailable`` when Redis does not answer.
    """

    def __init__(
        self, redis: RedisConnection, max_length: int = MAX_LENGTH, ttl_ms: int = TTL_MS
    ) -> None:
        """Nothing connects before the first use."""
        self._redis = redis
        self.key = redis.keys.invalidation_log()
        self._counter = redis.keys.invalidation_log("n")
        self._life = redis.keys.invalidation_log("life")
        self._max_length = max_length
        self._ttl_ms = ttl_ms

    def append(self, tags: Iterable[str], known: Position = ORIGIN, late_ms: int = 0) -> LogEntry:
        """Append ``tags`` as one entry or, if there are many, as several.

        Appending the same twice does no harm.

        Args:
            known: the newest position that the caller has seen; the new one will be above it even
                if the log was lost.
            late_ms: for how long the oldest of these changes has waited.

        Returns:
            The last entry written.

        Raises:
            ValidationFailed: a tag is malformed, or there is none.
        """
        wanted = tuple(dict.fromkeys(tags))
        problems = [f"unknown subject {one!r}" for one in wanted if not is_known(one)]
        if problems or not wanted:
            raise ValidationFailed({"subjects": problems or "at least one is needed"})
        for start in range(0, len(wanted), MAX_SUBJECTS):
            entry = self._append(wanted[start : start + MAX_SUBJECTS], known, late_ms)
            known = max(known, entry.position)
        return entry

    def _append(self, tags: tuple[str, ...], known: Position, late_ms: int) -> LogEntry:
        args = (
            SEPARATOR.join(tags),
            self._max_length,
            self._ttl_ms,
            known.ms,
            known.sequence,
            late_ms,
        )
        entry_id, number = self._redis.scripts.run(_APPEND, [self.key, self._counter], args)
        return LogEntry(_position(entry_id), int(number), tags, late_ms)

    def listen(self, known: Position, silence: float) -> LogEntry:
        """Begin a read: the last entry of a log that is there and takes writes.

        If no reader did this for ``silence`` seconds, or the log was lost, it is a new one: what
        was committed meanwhile may not have been appended yet, so nothing from before it may be
        believed.

        Args:
            known: as for ``append``.
        """
        args = (
            round(silence * 1000),
            self._max_length,
            self._ttl_ms,
            known.ms,
            known.sequence,
        )
        entry_id, flat = self._redis.scripts.run(
            _LISTEN, [self.key, self._counter, self._life], args
        )
        return entry_of((entry_id, dict(zip(flat[::2], flat[1::2], strict=True))))

    def newest(self) -> LogEntry | None:
        """The last entry; None when the log is empty or not there."""
        for raw in self._redis.client.xrevrange(self.key, count=1):
            return entry_of(raw)
        return None


def entry_of(raw: RawEntry) -> LogEntry:
    """The contents of a stream's entry."""
    entry_id, fields = raw
    number, late = fields.get(b"n", b""), fields.get(b"a", b"")
    # An entry written by hand has no number, which readers take for a gap.
    return LogEntry(
        _position(entry_id),
        int(number) if number.isdigit() else 0,
        tuple(fields.get(b"s", b"").decode(errors="replace").split(SEPARATOR)),
        int(late) if late.isdigit() else 0,
    )


def _position(entry_id: bytes) -> Position:
    ms, _, sequence = entry_id.partition(b"-")
    return Position.of(int(ms), int(sequence))
