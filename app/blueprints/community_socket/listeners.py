"""The connections of this worker, and the channels that each listens to."""

from __future__ import annotations

import threading
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field

from yoto.errors import ValidationFailed

CHANNELS_MAX = 100  # one connection; a page shows one channel and badges for some others


@dataclass(slots=True)
class Connection:
    """One socket: its owner, access token, end (epoch s), and the channels that it listens to."""

    user_id: int
    token: str = field(repr=False)
    expires_at: float
    channel_ids: set[int] = field(default_factory=set)


class Listeners:
    """Connections by id (Socket.IO's ``sid``) and by channel. Thread-safe."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._connections: dict[str, Connection] = {}
        self._by_channel: defaultdict[int, set[str]] = defaultdict(set)

    def connect(self, sid: str, user_id: int, token: str, expires_at: float) -> None:
        with self._lock:
            self._connections[sid] = Connection(user_id, token, expires_at)

    def disconnect(self, sid: str) -> None:
        with self._lock:
            connection = self._connections.pop(sid, None)
            for channel_id in connection.channel_ids if connection else ():
                self._forget(channel_id, sid)

    def get(self, sid: str) -> Connection | None:
        """The connection; None for one that is not, or no longer, there."""
        with self._lock:
            return self._connections.get(sid)

    def join(self, sid: str, channel_id: int) -> None:
        """Listen to a channel; a connection that has gone meanwhile is left alone.

        Raises:
            ValidationFailed: the connection listens to as many channels as it may.
        """
        with self._lock:
            connection = self._connections.get(sid)
            if connection is None:
                return
            if len(connection.channel_ids | {channel_id}) > CHANNELS_MAX:
                raise ValidationFailed(
                    {"channel_id": f"one connection listens to at most {CHANNELS_MAX} channels"}
                )
            connection.channel_ids.add(channel_id)
            self._by_channel[channel_id].add(sid)

    def leave(self, sid: str, channel_id: int) -> bool:
        """Listen to a channel no more; whether the connection did until now."""
        with self._lock:
            connection = self._connections.get(sid)
            if connection is None or channel_id not in connection.channel_ids:
                return False
            connection.channel_ids.discard(channel_id)
            self._forget(channel_id, sid)
            return True

    def channels_about(self, subjects: Iterable[str]) -> set[int]:
        """The channels listened to whose set of readers may have changed with ``subjects``."""
        with self._lock:
            found: set[int] = set()
            for subject in subjects:
                kind, _, digits = subject.partition(":")
                if kind == "user":
                    user_id = int(digits)
                    for connection in self._connections.values():
                        if connection.user_id == user_id:
                            found |= connection.channel_ids
                elif kind == "channel":
                    found |= {int(digits)} & self._by_channel.keys()
                else:
                    return set(self._by_channel)
            return found

    def users_about(self, subjects: Iterable[str]) -> set[int]:
        """The connected users whose sign-ins or rights a change of ``subjects`` may concern."""
        with self._lock:
            connected = {connection.user_id for connection in self._connections.values()}
        found: set[int] = set()
        for subject in subjects:
            kind, _, digits = subject.partition(":")
            if kind == "global":
                return connected
            if kind == "user":
                found |= {int(digits)} & connected
        return found

    def of_user(self, user_id: int) -> dict[str, Connection]:
        """The connections of a user."""
        with self._lock:
            return {
                sid: connection
                for sid, connection in self._connections.items()
                if connection.user_id == user_id
            }

    def of_channel(self, channel_id: int) -> dict[str, Connection]:
        """The connections that listen to a channel."""
        with self._lock:
            return {sid: self._connections[sid] for sid in self._by_channel.get(channel_id, ())}

    def _forget(self, channel_id: int, sid: str) -> None:
        listening = self._by_channel.get(channel_id)
        if listening is not None:
            listening.discard(sid)
            if not listening:
                del self._by_channel[channel_id]
