"""The Flask extension: gives each application its event stream and its tailer."""

from __future__ import annotations

import os
import secrets
import socket
from collections.abc import Callable, Collection
from dataclasses import dataclass

from flask import Flask

from yoto.extension import Extension
from yoto.redis import RedisStore

from .stream import EventStream, Gap, StoredEvent
from .tailer import Tailer
from .types import Event


@dataclass(frozen=True)
class EventState:
    """The extension's state in an application.

    Attributes:
        instance_id: names this process in events, leases and the list of instances.
        stream: writes and reads events.
        tailer: passes every event to the listeners of this process.
    """

    instance_id: str
    stream: EventStream
    tailer: Tailer


class Events(Extension[EventState]):
    """``events = Events()``. The application needs ``redis_store``."""

    key = "yoto.events"

    def init_app(self, app: Flask) -> None:
        """Set up the stream; no connection is made and no thread is started.

        Raises:
            RuntimeError: the application has no ``RedisStore``.
        """
        redis = RedisStore.of(app)
        instance_id = new_instance_id()
        stream = EventStream(redis, instance_id)
        self.keep(app, EventState(instance_id, stream, Tailer(redis, stream)))

    @property
    def stream(self) -> EventStream:
        """The stream of the current application."""
        return self.current.stream

    @property
    def tailer(self) -> Tailer:
        """The tailer of the current application."""
        return self.current.tailer

    def publish(self, event: Event) -> str | None:
        """Append an event; its id, or None when Redis does not take it (logged and counted)."""
        return self.stream.publish(event)

    def subscribe(
        self,
        on_event: Callable[[StoredEvent], None],
        on_gap: Callable[[Gap], None] | None = None,
        types: Collection[type[Event]] | None = None,
    ) -> Callable[[], None]:
        """Listen to the events of the current application; see ``Tailer.subscribe``."""
        return self.tailer.subscribe(on_event, on_gap, types)


def new_instance_id() -> str:
    """An id that no other process has: host, process, and four random bytes."""
    return f"{socket.gethostname()}-{os.getpid()}-{secrets.token_hex(4)}"
