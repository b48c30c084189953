"""Views of the present state, made and sent periodically while clients follow them."""

from __future__ import annotations

from collections.abc import Callable

from flask import Flask

from yoto.control_plane.socket.clients import Clients
from yoto.control_plane.socket.sender import Sender
from yoto.control_plane.socket.snapshots import snapshot
from yoto.control_plane.socket.topics import STATE_TOPICS, STATUS
from yoto.housekeeping import Housekeeper
from yoto.store.db import writing

# s until the next round without followers; a new follower wakes the thread.
IDLE = 3600.0


class Broadcasts:
    """A thread for the status, which asks every store, and one for quick views."""

    def __init__(self, app: Flask, clients: Clients, sender: Sender) -> None:
        """No thread is started."""
        self._app = app
        self._clients = clients
        self._sender = sender
        self._idle = set(STATE_TOPICS)
        self._wakes: dict[str, Callable[[], None]] = {}
        self._slow = Housekeeper("yoto-control-status")
        self._quick = Housekeeper("yoto-control-numbers")
        for topic in STATE_TOPICS:
            thread = self._slow if topic == STATUS else self._quick
            self._wakes[topic] = thread.add(topic, lambda topic=topic: self._send(topic))

    def start(self) -> None:
        """Start the threads if they do not run."""
        self._slow.start()
        self._quick.start()

    def follow(self, topics: frozenset[str]) -> None:
        """A client follows these topics from now on; it has just got their snapshots."""
        for topic in self._idle & topics:
            self._idle.discard(topic)
            self._wakes[topic]()

    def close(self) -> None:
        """End the threads; they may start again."""
        self._slow.stop()
        self._quick.stop()

    def _send(self, topic: str) -> float:
        # Set before looking for followers: one that comes later finds the topic idle, and wakes it.
        self._idle.add(topic)
        clients = self._clients.following(topic)
        if not clients:
            return IDLE
        self._idle.discard(topic)
        name, seconds = STATE_TOPICS[topic]
        with self._app.app_context(), writing(False):
            data = snapshot([topic])[topic]
        if data is not None:
            self._sender.send(clients, name, data)
        return seconds
