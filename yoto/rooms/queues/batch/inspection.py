"""Operators' view of a queue, and their actions on its dead letters."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from yoto.errors import ValidationFailed
from yoto.moments import milliseconds
from yoto.redis import RedisConnection
from yoto.rooms.queues.batch import scripts, stats
from yoto.rooms.queues.batch.items import DeadLetter, DeadLetters, dead_letter
from yoto.rooms.queues.batch.names import ItemId, QueueKeys
from yoto.rooms.queues.batch.payload import checked_kind
from yoto.rooms.queues.batch.stats import QueueStats
from yoto.rooms.queues.batch.store import KEEP
from yoto.rules import Whole, checked

MAX_PAGE = 1000  # dead letters
# Dead letters that one script puts back; others may work between two.
REDRIVE_STEP = 100


class Inspection:
    """One queue from outside. Every method raises ``StoreUnavailable`` without a reply of Redis."""

    def __init__(self, redis: RedisConnection, keys: QueueKeys) -> None:
        self._redis = redis
        self._keys = keys

    def kinds(self) -> list[str]:
        """Every kind with a queue, by name."""
        return sorted(kind.decode() for kind in self._redis.client.smembers(self._keys.kinds))

    def stats(self) -> QueueStats:
        """All statistics of the queue, over all processes, as of one moment."""
        kinds = self.kinds()
        keys = [self._keys.consumers, *self._keys.of_kinds(kinds)]
        return stats.parse(kinds, self._redis.scripts.run(scripts.STATS, keys))

    def dead_letters(
        self, kind: str | None = None, after: str | None = None, limit: int = 100
    ) -> DeadLetters:
        """A page of dead letters, kind by kind, the newest of each first.

        Args:
            kind: only letters of this kind.
            after: ``DeadLetters.after`` of the page before.
            limit: 1 to 1000.

        Raises:
            ValidationFailed: a value is invalid; names the field.
        """
        checked("limit", limit, Whole(1, MAX_PAGE, says=f"1 to {MAX_PAGE}"))
        kinds = self.kinds() if kind is None else [checked_kind(kind)]
        below = None
        if after is not None:
            first, below = _position(after)
            kinds = [one for one in kinds if one >= first]
            if kinds[:1] != [first]:
                below = None
        found: list[DeadLetter] = []
        for one in kinds:
            # One more than fits shows whether there is another page.
            found += self._letters(one, below, limit + 1 - len(found))
            below = None
            if len(found) > limit:
                last = found[limit - 1]
                return DeadLetters(tuple(found[:limit]), f"{last.kind}:{last.number}")
        return DeadLetters(tuple(found), None)

    def dead_letter(self, item_id: str) -> DeadLetter | None:
        """One dead letter with all its content; None: it does not exist, or no longer.

        Raises:
            ValidationFailed: that is no id of an item (field ``ids``).
        """
        kind, entry = _checked_id(item_id)
        data = self._redis.client.hget(self._keys.of_kind(kind).letters, entry)
        return None if data is None else dead_letter(kind, entry.encode(), data)

    def discard(self, item_id: str) -> bool:
        """Discard a dead letter for good; False: it did not exist, or no longer.

        Raises:
            ValidationFailed: that is no id of an item (field ``ids``).
            StoreUnavailable: Redis did not respond; the letter may be gone all the same.
        """
        kind, entry = _checked_id(item_id)
        gone = self._redis.scripts.run(scripts.DISCARD, self._keys.of_kind(kind), [entry])
        return bool(gone)

    def redrive(self, ids: Iterable[str]) -> int:
        """Put dead letters back as new items, with all their tries; returns the number found.

        Raises:
            ValidationFailed: one is no id of an item (field ``ids``); nothing was put back.
            StoreUnavailable: Redis did not respond; some may have been put back.
        """
        of_kind: dict[str, list[str]] = {}
        for text in ids:
            kind, entry = _checked_id(text)
            of_kind.setdefault(kind, []).append(entry)
        moved = 0
        for kind, entries in of_kind.items():
            for start in range(0, len(entries), REDRIVE_STEP):
                moved += self._redrive(kind, 0, *entries[start : start + REDRIVE_STEP])[0]
        return moved

    def redrive_all(self, kind: str | None = None) -> int:
        """Put all present dead letters (of ``kind``) back; returns their number.

        Raises:
            ValidationFailed: that is no kind.
            StoreUnavailable: Redis did not respond; some may have been put back.
        """
        total = 0
        for one in self.kinds() if kind is None else [checked_kind(kind)]:
            moved, last = self._redrive(one, 0)
            total += moved
            # An item that dies again meanwhile has a higher number than the last.
            while moved:
                moved, _ = self._redrive(one, last)
                total += moved
        return total

    def _letters(self, kind: str, below: int | None, limit: int) -> list[DeadLetter]:
        args: list[str | int] = ["+inf" if below is None else below, limit]
        reply = self._redis.scripts.run(scripts.LETTERS, self._keys.of_kind(kind), args)
        return [
            dead_letter(kind, entry, data)
            for entry, data in zip(reply[::2], reply[1::2], strict=True)
        ]

    def _redrive(self, kind: str, last: int, *entries: str) -> tuple[int, int]:
        args: list[Any] = [milliseconds(KEEP), REDRIVE_STEP, last, *entries]
        moved, up_to = self._redis.scripts.run(scripts.REDRIVE, self._keys.of_kind(kind), args)
        return moved, up_to


def _checked_id(text: str) -> ItemId:
    parts = ItemId.parse(text)
    if parts is None:
        raise ValidationFailed({"ids": f"'{text}' is no id; it looks like kind:1700-0"})
    return ItemId(checked_kind(parts.kind), parts.entry)


def _position(after: str) -> tuple[str, int]:
    kind, _, number = after.rpartition(":")
    if not number.isdecimal():
        raise ValidationFailed({"after": f"'{after}' is not where a page ends"})
    return checked_kind(kind), int(number)
