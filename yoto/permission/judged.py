"""The places where policies judge members: part of the core, so that they deny without policies."""

from __future__ import annotations

import threading
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Hashable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Generic, TypeAlias, TypeVar

from flask import Flask
from sqlalchemy import ColumnElement, null, or_, select
from sqlalchemy.engine import Connection

from yoto import cache
from yoto.cache import NodeId, TieredCache, key_text
from yoto.permission.loading.source import reading
from yoto.permission.outbox.positions import required_position
from yoto.permission.outbox.watching import in_change
from yoto.permission.registry.catalogue import JUDGED_WHERE_SET
from yoto.permission.registry.scopes import Place
from yoto.permission.state import state_of
from yoto.permission.verdict.abac import JudgedPlaces
from yoto.store.models import Channel, Server

CHANNEL, SERVER = "channel", "server"

_SERVER = (
    Server.id,
    Server.owner_id,
    Server.time_zone,
    Server.access_hours,
    Server.blocked_networks,
    Server.device_required,
)
IN_SERVER = select(*_SERVER)
IN_CHANNEL = select(*_SERVER, Channel.kind, Channel.sensitivity, Channel.hours).join_from(
    Channel, Server, Server.id == Channel.server_id
)


@dataclass(frozen=True, slots=True)
class PlaceAttributes:
    """One server, or one channel with its server.

    Attributes:
        server, channel: JSON data for the input; ``channel`` is None for a server.
        judged: whether it has an attribute that policies read for members, who only send messages.
    """

    server_id: int
    server: dict[str, Any]
    channel: dict[str, Any] | None = None

    @property
    def judged(self) -> bool:
        channel = self.channel
        return channel is not None and (channel["hours"] is not None or channel["sensitivity"] > 0)


def load_place(connection: Connection, scope: str, scope_id: int) -> PlaceAttributes | None:
    """The attributes of a server or channel; None: it does not exist."""
    if scope == CHANNEL:
        statement = IN_CHANNEL.where(Channel.id == scope_id)
    else:
        statement = IN_SERVER.where(Server.id == scope_id)
    row = connection.execute(statement).one_or_none()
    if row is None:
        return None
    server = {
        "id": row.id,
        "owner_id": row.owner_id,
        "time_zone": row.time_zone,
        "access_hours": row.access_hours,
        "blocked_networks": row.blocked_networks or [],
        "device_required": row.device_required,
    }
    if scope != CHANNEL:
        return PlaceAttributes(row.id, server)
    channel = {
        "id": scope_id,
        "kind": row.kind,
        "sensitivity": row.sensitivity,
        "hours": row.hours,
    }
    return PlaceAttributes(row.id, server, channel)


def judges_members(channel: Any) -> ColumnElement[bool]:
    """``PlaceAttributes.judged`` as a condition on the mapped class of channels, or an alias."""
    return or_(channel.hours.is_not(null()), channel.sensitivity > 0)


def judged_channels(connection: Connection, channel_ids: Sequence[int]) -> list[int]:
    """The channels among some whose attributes policies judge members by."""
    statement = select(Channel.id).where(Channel.id.in_(channel_ids), judges_members(Channel))
    return list(connection.scalars(statement))


def may_remember(cache: TieredCache) -> bool:
    """Whether memory that follows the log of ``cache`` is recent enough for the caller."""
    tailer, required = cache.tailer, required_position()
    return (
        time.monotonic() < tailer.fresh_until
        and (required is None or tailer.applied >= required)
        and not in_change()
    )


@contextmanager
def connection_of(app: Flask) -> Iterator[Connection]:
    """A connection that sees the caller's own changes so far.

    Raises:
        StoreUnavailable: the database did not answer.
    """
    caching = state_of(app).caching
    if caching is None or in_change():
        with reading() as connection:
            yield connection
    else:
        with caching.pool.read() as connection:
            yield connection


# Entries; places take about 10 MB.
CAPACITY = 10_000

PlaceKey: TypeAlias = tuple[str, int]
K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


class Remembered(ABC, Generic[K, V]):
    """A bounded memory in front of a loader. Safe for threads.

    It learns of changes through ``heard``, a listener to the log. The caller decides whether memory
    may answer: only while the log is heard, and includes the caller's own writes.
    """

    def __init__(self, capacity: int) -> None:
        self._capacity = capacity
        self._known: dict[K, V] = {}
        self._lock = threading.Lock()
        self._changes = 0

    def _get(self, key: K, load: Callable[[], V | None], may_remember: bool) -> V | None:
        if not may_remember:
            return load()
        known = self._known.get(key)
        if known is not None:
            return known
        changes = self._changes
        loaded = load()
        with self._lock:
            # Rows read before a change must not be remembered after it.
            if loaded is not None and changes == self._changes:
                if len(self._known) >= self._capacity:
                    self._known.clear()
                self._known[key] = loaded
        return loaded

    def heard(self, dirty: Sequence[str], position: cache.Position) -> None:
        """Forget the subjects of the log's entry."""
        about = cache.tags.DirtySet.of(dirty)
        with self._lock:
            self._changes += 1
            if about.everything:
                self._known.clear()
            else:
                self._forget(about)

    @abstractmethod
    def _forget(self, about: cache.tags.DirtySet) -> None:
        """Forget entries that may have changed; the lock is held."""


class RememberedPlaces(Remembered[PlaceKey, PlaceAttributes]):
    """Servers and channels, by scope and id."""

    def __init__(
        self,
        load: Callable[[str, int], PlaceAttributes | None],
        capacity: int = CAPACITY,
    ) -> None:
        """``load`` reads the committed rows; it gives None where there is no such place."""
        super().__init__(capacity)
        self._load = load

    def get(self, scope: str, scope_id: int, may_remember: bool) -> PlaceAttributes | None:
        """The attributes of a place; raises the errors of ``load``."""
        return self._get((scope, scope_id), lambda: self._load(scope, scope_id), may_remember)

    def _forget(self, about: cache.tags.DirtySet) -> None:
        nodes = {key_text(node) for node in about.nodes}
        for key, place in list(self._known.items()) if nodes else ():
            if f"server:{place.server_id}" in nodes or f"{key[0]}:{key[1]}" in nodes:
                del self._known[key]


class JudgedChannels:
    """The attributes of servers and channels of one application, remembered. Safe for threads.

    Each call raises ``StoreUnavailable`` if the database had to be asked and did not answer.
    """

    def __init__(self, app: Flask, cache: TieredCache) -> None:
        """Nothing is read yet; what is remembered follows the log of ``cache``."""
        self._app = app
        self._cache = cache
        self._places = RememberedPlaces(self._load)
        cache.tailer.subscribe(self._places.heard)

    def places(self) -> JudgedPlaces:
        """The permissions that policies judge only where a channel says so, and these channels."""
        return JudgedPlaces(
            CHANNEL,
            JUDGED_WHERE_SET,
            self._is_judged,
            self._among,
            judges_members,
            self.attributes,
        )

    def attributes(self, scope: str, scope_id: NodeId | None) -> PlaceAttributes | None:
        """The attributes of a server or channel; None: it is neither, or does not exist."""
        if not isinstance(scope_id, int) or scope not in (SERVER, CHANNEL):
            return None
        return self._places.get(scope, scope_id, may_remember(self._cache))

    def _is_judged(self, place: Place) -> bool:
        found = self.attributes(place.kind, place.id)
        return found is not None and found.judged

    def _among(self, places: Sequence[Place]) -> frozenset[Place]:
        ids = [place.id for place in places if place.kind == CHANNEL and place.id is not None]
        if not ids:
            return frozenset()
        with connection_of(self._app) as connection:
            found = judged_channels(connection, ids)
        return frozenset(Place(CHANNEL, one) for one in found)

    def _load(self, scope: str, scope_id: int) -> PlaceAttributes | None:
        with connection_of(self._app) as connection:
            return load_place(connection, scope, scope_id)
