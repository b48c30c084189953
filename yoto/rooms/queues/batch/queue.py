"""The queue for callers: items in, and their handlers."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import Any

from yoto.errors import ValidationFailed
from yoto.redis import RedisConnection
from yoto.rooms.queues.batch.inspection import Inspection
from yoto.rooms.queues.batch.items import Check, Handler
from yoto.rooms.queues.batch.names import ItemId, QueueKeys
from yoto.rooms.queues.batch.payload import checked_key, checked_kind, encode
from yoto.rooms.queues.batch.store import QueueStore
from yoto.rooms.queues.batch.supervisor import QueueSupervisor
from yoto.rooms.queues.batch.worker_pool import QueueWorkerPool
from yoto.rooms.queues.settings import QueueSettings
from yoto.settings import known_settings

DEFAULT_NAME = "tasks"
# Items of one script call.
CHUNK = 500
# s that ``close`` waits for the handlers that run.
DRAIN = 5.0


class BatchQueue(Inspection):
    """Items go in by kind, and come to the kind's handler in batches, at least once each.

    Safe for threads and greenlets. All processes with the same Redis share one queue of a name.
    """

    def __init__(
        self,
        redis: RedisConnection,
        consumer: str,
        settings: QueueSettings | None = None,
        app_context_factory: Callable[[], AbstractContextManager[Any]] = nullcontext,
        name: str = DEFAULT_NAME,
    ) -> None:
        """Nothing connects and no thread starts before the first use.

        Args:
            consumer: names this process; no other process, before or after, has this name.
            app_context_factory: a context for handlers, such as an application context.
        """
        self.settings = settings or QueueSettings()
        keys = QueueKeys(redis.keys, name)
        super().__init__(redis, keys)
        self._store = QueueStore(redis, keys, self.settings, consumer)
        self._handlers: dict[str, Handler] = {}
        self._checks: dict[str, Check] = {}
        self._pool = QueueWorkerPool(
            self._store, self.settings, self._handlers, app_context_factory
        )
        self._supervisor = QueueSupervisor(self._store, self.settings, self._pool, self._handlers)

    def register_handler(self, kind: str, fn: Handler, check: Check | None = None) -> None:
        """Register ``fn`` for the items of ``kind`` that this process takes.

        It is called with one to ``batch_size`` items, in threads of the queue, several at a time,
        and more than once with the same item after any failure: it must be idempotent.
        Its exception fails all items of the call, which are then tried again one by one;
        ``ValidationFailed`` with one item makes that a dead letter at once.

        Args:
            check: raises ``ValidationFailed`` for invalid payloads; called when this process
                enqueues such an item.

        Raises:
            ValidationFailed: that is no kind, or it has a handler already (field ``kind``).
        """
        if checked_kind(kind) in self._handlers:
            raise ValidationFailed({"kind": f"'{kind}' has a handler already"})
        if check is not None:
            self._checks[kind] = check
        self._handlers[kind] = fn
        self._supervisor.say_now()

    def enqueue(self, kind: str, payload: Mapping[str, Any], key: str | None = None) -> str:
        """Put an item in. When this returns, Redis has it.

        Args:
            kind: the name of the work; its handler may be in another process.
            payload: a JSON object of at most 64 KiB.
            key: two items of a kind with the same key, within ``QUEUE_ONCE_SECONDS``, are one.

        Returns:
            The item's id; that of the first one, if the key was used before.

        Raises:
            ValidationFailed: names the wrong field; nothing was put in.
            QueueFull: there are too many unfinished items of this kind.
            StoreUnavailable: Redis did not confirm. It may have the item all the same: with a
                key, asking again is safe.
        """
        return self.enqueue_many(kind, [payload], None if key is None else [key])[0]

    def enqueue_many(
        self,
        kind: str,
        payloads: Iterable[Mapping[str, Any]],
        keys: Iterable[str | None] | None = None,
    ) -> list[str]:
        """Put many items in, each as by ``enqueue``.

        All are checked before the first is put in. They go to Redis in steps of 500, each wholly
        or not at all; an error in between leaves the earlier steps.
        """
        checked_kind(kind)
        check = self._checks.get(kind)
        data = []
        for payload in payloads:
            data.append(encode(payload))
            if check is not None:
                check(payload)
        once: Sequence[str | None] = [None] * len(data)
        if keys is not None:
            once = [checked_key(key) for key in keys]
            if len(once) != len(data):
                raise ValidationFailed({"keys": f"{len(once)} for {len(data)} items"})
        ids: list[str] = []
        for start in range(0, len(data), CHUNK):
            end = start + CHUNK
            entries = self._store.enqueue(kind, data[start:end], once[start:end])
            ids += (str(ItemId(kind, entry)) for entry in entries)
        return ids

    @property
    def batch_size(self) -> int:
        """Items that a handler gets at once, at most."""
        return self._store.batch_size

    def set_batch_size(self, size: int) -> None:
        """Change the batch size in this process while it works.

        Raises:
            ValidationFailed: ``size`` is out of the range of ``QUEUE_BATCH_SIZE``.
        """
        try:
            self._store.batch(known_settings()["QUEUE_BATCH_SIZE"].rule(size))
        except ValueError as error:
            raise ValidationFailed({"batch_size": f"{error}, not {size!r}"}) from None

    def start(self) -> None:
        """Begin to take items and call handlers; a second call changes nothing.

        With ``QUEUE_WORKERS`` 0 this process only enqueues, and nothing starts.
        """
        if self.settings.workers:
            self._supervisor.start()
            self._pool.start()

    def close(self, drain: float = DRAIN) -> None:
        """Take no more items, wait at most ``drain`` seconds for running handlers, end the threads.

        Items of handlers that run longer are tried again by others when their leases end. ``start``
        begins anew.
        """
        if self._pool.stop(drain):
            self._supervisor.stop()
