"""The queue in Redis: the calls of its scripts, and the meaning of their replies."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal, TypeAlias

from yoto.errors import QueueFull, ValidationFailed
from yoto.moments import milliseconds
from yoto.redis import RedisConnection, StreamReader
from yoto.rooms.queues.batch import scripts
from yoto.rooms.queues.batch.names import QueueKeys
from yoto.rooms.queues.settings import QueueSettings

# Kinds of items; each costs a little at every look.
MAX_KINDS = 200
# s after which an unused queue ends.
KEEP = 30 * 24 * 3600.0

Outcome: TypeAlias = Literal["done", "retry", "later", "dead"]
Arg: TypeAlias = str | bytes | int


@dataclass(frozen=True, slots=True)
class Delivery:
    """One try of one item.

    Attributes:
        entry: id of its entry in the stream.
        tries: the number of this try.
        data: the payload as it was stored.
        first_ms: when it was enqueued.
    """

    entry: str
    tries: int
    data: bytes
    first_ms: int


@dataclass(frozen=True, slots=True)
class Nothing:
    """There was nothing to take.

    Attributes:
        due_in: seconds until there may be something.
        gathering: whether a batch waits for more items.
        seen: the last entry of each stream that was given to any consumer.
    """

    due_in: float
    gathering: bool
    seen: dict[str, str]


@dataclass(frozen=True, slots=True)
class Taken:
    """Items of one kind for one call of a handler."""

    kind: str
    deliveries: tuple[Delivery, ...]


class QueueStore:
    """One queue for one consumer. Raises ``StoreUnavailable`` without Redis."""

    def __init__(
        self, redis: RedisConnection, keys: QueueKeys, settings: QueueSettings, consumer: str
    ) -> None:
        self._redis = redis
        self.keys = keys
        self._settings = settings
        self.consumer = consumer
        # Four leases: a process that is slow, not gone, is not taken off the list.
        self.silence = 4 * settings.lease

    def batch(self, size: int) -> None:
        """Take at most ``size`` items at once from the next time on."""
        self._settings = replace(self._settings, batch_size=size)

    @property
    def batch_size(self) -> int:
        """Items that are taken at once, at most."""
        return self._settings.batch_size

    def enqueue(
        self, kind: str, payloads: Sequence[bytes], once: Sequence[str | None]
    ) -> list[str]:
        """Put items in, all or none; ids of their entries.

        Args:
            once: the caller's key of each item, None for none.

        Raises:
            QueueFull: there are too many.
            ValidationFailed: there are too many kinds.
        """
        settings = self._settings
        keys = [self.keys.kinds, *self.keys.of_kind(kind)]
        keys += [self.keys.once(kind, key) for key in once if key is not None]
        args: list[Arg] = [
            kind,
            settings.max_length,
            MAX_KINDS,
            milliseconds(KEEP),
            milliseconds(settings.once),
        ]
        for payload, key in zip(payloads, once, strict=True):
            args += (payload, 0 if key is None else 1)
        word, *rest = self._redis.scripts.run(scripts.ENQUEUE, keys, args)
        if word == b"length":
            raise QueueFull(kind, settings.max_length, retry_after=settings.retry_delay)
        if word == b"kinds":
            raise ValidationFailed({"kind": f"there are {rest[0]} kinds already; no more fit"})
        return [entry.decode() for entry in rest]

    def take(self, kinds: Sequence[str], tried_first: bool) -> Taken | Nothing:
        """Items for one call of a handler of one of ``kinds``, which are served in this order.

        Args:
            tried_first: take items with earlier tries first.
        """
        settings = self._settings
        args: list[Arg] = [
            self.consumer,
            settings.batch_size,
            round(settings.batch_age * 1000),
            milliseconds(settings.lease),
            settings.max_tries,
            settings.dead_kept,
            milliseconds(settings.retry_delay_max),
            int(tried_first),
        ]
        number, *rest = self._redis.scripts.run(scripts.TAKE, self.keys.of_kinds(kinds), args)
        if number:
            return Taken(kinds[number - 1], tuple(map(_delivery, rest)))
        due_in, gathering, *last = rest
        streams = (self.keys.of_kind(kind).stream for kind in kinds)
        seen = {stream: id_.decode() for stream, id_ in zip(streams, last, strict=True)}
        return Nothing(due_in / 1000, bool(gathering), seen)

    def reader(self) -> StreamReader:
        """The connection that workers wait with, one at a time."""
        return StreamReader(self._redis)

    def wait(self, reader: StreamReader, seen: dict[str, str], seconds: float) -> bool:
        """Wait for an entry behind those in ``seen``, at most ``seconds``; whether to look."""
        return reader.read(seen, 1, max(1, int(seconds * 1000))) != {}

    def settle(
        self,
        taken: Taken,
        outcome: Outcome,
        reason: str = "",
        delays: Sequence[float] = (),
        sent_before: bool = False,
    ) -> tuple[int, int]:
        """Report the outcome of a handler's call.

        Args:
            delays: seconds until each item is tried again, if it is.
            sent_before: an earlier reply to the same call may have been lost.

        Returns:
            The number of items that were still this consumer's, and how many of them are dead now.
        """
        settings = self._settings
        args: list[Arg] = [
            self.consumer,
            outcome,
            reason,
            settings.max_tries,
            settings.dead_kept,
            round(settings.patience * 1000),
            int(sent_before),
        ]
        waits = delays or [0.0] * len(taken.deliveries)
        for delivery, delay in zip(taken.deliveries, waits, strict=True):
            args += (delivery.entry, delivery.tries, round(delay * 1000))
        keys = self.keys.of_kind(taken.kind)
        held, dead = self._redis.scripts.run(scripts.SETTLE, keys, args)
        return held, dead

    def renew(self, calls: Sequence[Taken]) -> list[int]:
        """Restart the leases of all items; returns how many of each call are still ours."""
        lease = milliseconds(self._settings.lease)
        todo: list[Any] = []
        for taken in calls:
            args: list[Arg] = [self.consumer, lease]
            for delivery in taken.deliveries:
                args += (delivery.entry, delivery.tries)
            todo.append((scripts.RENEW, self.keys.of_kind(taken.kind), args))
        replies: list[int] = self._redis.scripts.run_many(todo)
        return replies

    def beat(self, kinds: Sequence[str], about: bytes) -> int:
        """Report that this consumer lives, or (without a report) leaves; how many were removed."""
        keys = [self.keys.consumers, self.keys.kinds, *self.keys.of_kinds(kinds)]
        args: list[Arg] = [self.consumer, about, milliseconds(self.silence), milliseconds(KEEP)]
        removed: int = self._redis.scripts.run(scripts.BEAT, keys, args)
        return removed


def _delivery(item: Sequence[Any]) -> Delivery:
    entry, tries, raw = item
    fields = dict(zip(raw[::2], raw[1::2], strict=True))
    first = fields.get(b"first") or entry.partition(b"-")[0]
    return Delivery(entry.decode(), tries, fields.get(b"payload", b""), int(first))
