"""Message events, published to the other workers, each of which notifies its own sockets.

A stream of its own beside the one of platform events: messages must neither evict platform events
nor delay their listeners. Entries hold message ids and no text; each worker reads the message
itself and checks by itself who may read it.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any, cast

from flask import Flask

from app.blueprints.community_socket.listeners import Listeners
from yoto.events import Event, Events, EventStream, StoredEvent, Tailer, event_type
from yoto.redis import RedisConnection, RedisStore
from yoto.store.db import writing

EXTENSION = "yoto.community.fan_out"
DELETED = "message_deleted"

# Entries. Some seconds of the liveliest community; a reader that is behind by more missed it.
MAX_LENGTH = 10_000
# ms. A stream without entries for so long has no readers waiting.
TTL_MS = 10 * 60 * 1000
# s that the first socket of a worker waits for the stream, so that nothing falls in between.
READY_SECONDS = 0.5

# Channel and message to the payload for sockets; None for a message that no longer exists.
Load = Callable[[int, int], dict[str, Any] | None]
# Channel, event and payload, for the sockets of this worker.
Emit = Callable[[int, str, dict[str, Any]], None]


@event_type("community.message_changed")
class MessageChanged(Event, frozen=True, kw_only=True):
    """A message was sent, edited or deleted.

    Attributes:
        change: the event for sockets: ``message``, ``message_edited`` or ``message_deleted``.
    """

    channel_id: int
    message_id: int
    change: str


class MessageStream(EventStream):
    """The stream of ``MessageChanged``."""

    def __init__(self, redis: RedisConnection, source: str) -> None:
        super().__init__(redis, source, MAX_LENGTH, TTL_MS)
        self.key = redis.keys.tagged(("community", "messages"))


class FanOut:
    """Publishes what this worker did and emits what others did, from the first socket on."""

    def __init__(self, app: Flask, listeners: Listeners, load: Load, emit: Emit) -> None:
        """Nothing is connected and no thread is started."""
        self._app = app
        self._listeners = listeners
        self._load = load
        self._emit = emit
        redis = RedisStore.of(app)
        self._stream = MessageStream(redis, Events.of(app).instance_id)
        self._tailer = Tailer(redis, self._stream, thread_name="yoto-fan-out")
        self._lock = threading.Lock()
        self._end: Callable[[], None] | None = None

    def publish(self, channel_id: int, message_id: int, change: str) -> None:
        """Publish to the other workers. Without Redis this fails (logged and counted)."""
        self._stream.publish(
            MessageChanged(channel_id=channel_id, message_id=message_id, change=change)
        )

    def start(self) -> None:
        """Listen to the other workers; only the first call does anything."""
        with self._lock:
            if self._end is not None:
                return
            self._end = self._tailer.subscribe(self._hear, types=[MessageChanged])
        self._tailer.wait_until_ready(READY_SECONDS)

    def close(self) -> None:
        """Listen no more; a later socket starts it again."""
        with self._lock:
            end, self._end = self._end, None
        if end is not None:
            end()
            self._tailer.stop()

    def _hear(self, stored: StoredEvent) -> None:
        event = cast(MessageChanged, stored.event)
        if stored.source == self._stream.source:
            return  # our own sockets heard it at once
        if not self._listeners.of_channel(event.channel_id):
            return
        with self._app.app_context(), writing(False):
            payload = self._payload(event)
            if payload is not None:
                self._emit(event.channel_id, event.change, payload)

    def _payload(self, event: MessageChanged) -> dict[str, Any] | None:
        if event.change == DELETED:
            return {"id": event.message_id, "channel_id": event.channel_id}
        return self._load(event.channel_id, event.message_id)


def fan_out_of(app: Flask) -> FanOut:
    """The fan-out of an application."""
    return cast(FanOut, app.extensions[EXTENSION])
