"""The clients of one worker."""

from __future__ import annotations

import threading
from collections.abc import Collection
from dataclasses import dataclass, field
from enum import Enum

from werkzeug.exceptions import ServiceUnavailable, TooManyRequests

from yoto.auth.operators import SocketCredential
from yoto.control_plane.socket.limits import OF_USER, OF_WORKER, ClientPace
from yoto.control_plane.socket.topics import Subscription
from yoto.events import position


class DeliveryMode(Enum):
    """How a client gets events."""

    NOTHING = "nothing"
    # It reads the events that it missed, and gets no others.
    REPLAY = "replay"
    # It gets each event as it comes.
    LIVE = "live"


@dataclass(slots=True, eq=False)
class Client:
    """One connection.

    Attributes:
        sid, eio_sid: its ids in Socket.IO, and of the transport below.
        credential: the credential that opened it.
        pace: limits the rate of its messages.
        subscription: the topics that it follows.
        delivery: see ``DeliveryMode``.
        seen: id up to which its own replay has sent it everything, if that is known.
        replay: marks the active replay; if it changed, another one has taken over.
        turn: a lock that a change of its subscription holds.
    """

    sid: str
    eio_sid: str
    credential: SocketCredential
    pace: ClientPace = field(default_factory=ClientPace)
    subscription: Subscription = field(default_factory=Subscription)
    delivery: DeliveryMode = DeliveryMode.NOTHING
    seen: str | None = None
    replay: object | None = None
    turn: threading.Lock = field(default_factory=threading.Lock)

    def is_ahead(self, event_id: str) -> bool:
        """Whether its replay brought this event already."""
        return self.seen is not None and position(event_id) <= position(self.seen)


class Clients:
    """Connections by id. Thread-safe."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._by_sid: dict[str, Client] = {}

    def __len__(self) -> int:
        return len(self._by_sid)

    def add(self, client: Client) -> None:
        """Add a client.

        Raises:
            ServiceUnavailable: the worker has as many connections as it may.
            TooManyRequests: the account has as many as it may.
        """
        user_id = client.credential.user_id
        with self._lock:
            if len(self._by_sid) >= OF_WORKER:
                raise ServiceUnavailable(f"This worker has the {OF_WORKER} that it may have.")
            own = sum(one.credential.user_id == user_id for one in self._by_sid.values())
            if own >= OF_USER:
                raise TooManyRequests(f"This account has the {OF_USER} that it may have here.")
            self._by_sid[client.sid] = client

    def remove(self, sid: str) -> bool:
        """Remove a client; returns whether it was there, which only one of several callers gets."""
        with self._lock:
            client = self._by_sid.pop(sid, None)
        if client is not None:
            client.delivery, client.replay = DeliveryMode.NOTHING, None
        return client is not None

    def clear(self) -> None:
        """Remove all clients."""
        for client in self.all():
            self.remove(client.sid)

    def get(self, sid: str) -> Client | None:
        """A client; None if it is not, or no longer, there."""
        return self._by_sid.get(sid)

    def all(self) -> list[Client]:
        """Every client."""
        with self._lock:
            return list(self._by_sid.values())

    def following(self, topic: str) -> list[Client]:
        """Clients that follow a topic."""
        return [client for client in self.all() if topic in client.subscription.topics]

    def live(self) -> list[Client]:
        """Clients that get each event as it comes."""
        return [client for client in self.all() if client.delivery is DeliveryMode.LIVE]

    def of_user(self, user_id: int) -> list[Client]:
        """Clients of an account."""
        return [client for client in self.all() if client.credential.user_id == user_id]

    def users_about(self, subjects: Collection[str]) -> set[int]:
        """The connected accounts whose rights or sign-ins a change of ``subjects`` may have ended.

        Operators' rights are global, so changes in one server or channel do not matter.
        """
        connected = {client.credential.user_id for client in self.all()} - {None}
        found: set[int] = set()
        for subject in subjects:
            kind, _, digits = subject.partition(":")
            if kind == "user":
                found |= {int(digits)} & connected
            elif kind not in ("server", "channel"):
                return {user_id for user_id in connected if user_id is not None}
        return found
