"""What is really there, for policies to judge by: read where it is kept, or remembered."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar

from flask import Flask
from sqlalchemy.engine import Connection

from yoto.cache import NodeId, TieredCache
from yoto.errors import UnknownResource
from yoto.permission import PermissionSystem, Place, Way, in_change, required_position
from yoto.policy import (
    Emergencies,
    Person,
    PlaceAttributes,
    RememberedEmergencies,
    RememberedPeople,
    RememberedPlaces,
    attributes_of,
    judged_channels,
    load_emergencies,
    load_person,
    load_place,
)
from yoto.store.db import db
from yoto.store.resources import types_of

T = TypeVar("T")

# What the platform itself knows more of than the application declares.
JUDGED_SCOPES = ("server", "channel")


class Circumstances(Protocol):
    """The request at hand; None: not known."""

    @property
    def ip(self) -> str | None: ...

    @property
    def user_agent(self) -> str | None: ...

    @property
    def method(self) -> str | None: ...

    @property
    def device(self) -> str | None: ...


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What only upper layers know.

    Attributes:
        circumstances: the request at hand; None outside one.
        error_rate: failed answers of this process, 0 to 1.
        unusual: by user, permission and scope, how unusual it is that they do this now, 0 to 1;
            None: nobody can tell.
        clock: epoch seconds.
    """

    circumstances: Callable[[], Circumstances | None]
    error_rate: Callable[[], float]
    unusual: Callable[[int, str, str], float | None]
    clock: Callable[[], float] = time.time


class PolicyFacts:
    """The facts of one application. Safe for threads.

    Each call raises ``StoreUnavailable`` if the database had to be asked and did not answer.

    Attributes:
        surroundings: what upper layers know.
    """

    def __init__(self, app: Flask, cache: TieredCache, surroundings: Surroundings) -> None:
        """Nothing is read yet; what is remembered follows the log of ``cache``."""
        self.app = app
        self.surroundings = surroundings
        self._cache = cache
        self._places = RememberedPlaces(self._load_place)
        self._people = RememberedPeople(self._load_person)
        self._emergencies = RememberedEmergencies(self._load_emergencies)
        for memory in (self._places, self._people, self._emergencies):
            cache.tailer.subscribe(memory.heard)

    def read(self, load: Callable[[Connection], T]) -> T:
        """What ``load`` reads, seeing what the caller itself has changed so far."""
        with self._connection() as connection:
            return load(connection)

    def person(self, user_id: int) -> Person | None:
        """The account; None: there is none, or not any more."""
        return self._people.get(user_id, self._may_remember())

    def attributes(self, scope: str, scope_id: NodeId | None) -> dict[str, Any] | None:
        """What a node shows to policies, by its type or as registered; None: it shows nothing.

        Raises:
            UnknownResource: it is not there any more.
        """
        declared = types_of(self.app).find(scope)
        if scope_id is None or declared is None:
            return None
        if not declared.attributes and not declared.registered:
            return None
        found = self.read(lambda connection: attributes_of(connection, declared, scope_id))
        if found is None:
            raise UnknownResource(scope, scope_id)
        return found

    def ways(self, user_id: int, scope: str, scope_id: NodeId | None, permission: str) -> list[Way]:
        """By what somebody has a permission at a node, the widest first."""
        return PermissionSystem.ways_of(self.app, user_id, Place(scope, scope_id), permission)

    def place(self, scope: str, scope_id: NodeId | None) -> PlaceAttributes | None:
        """The attributes of a server or channel; None: it is neither, or does not exist."""
        if not isinstance(scope_id, int) or scope not in JUDGED_SCOPES:
            return None
        return self._places.get(scope, scope_id, self._may_remember())

    def judged_channels(self, channel_ids: Sequence[int]) -> list[int]:
        """Those of some channels that policies judge members by, in one look."""
        return self.read(lambda connection: judged_channels(connection, channel_ids))

    def emergencies(self) -> Emergencies:
        """The emergencies of now."""
        return self._emergencies.get(self._may_remember())

    def _may_remember(self) -> bool:
        """Whether memory includes everything that the caller may rely on."""
        tailer, required = self._cache.tailer, required_position()
        return (
            time.monotonic() < tailer.fresh_until
            and (required is None or tailer.applied >= required)
            and not in_change()
        )

    def _load_place(self, scope: str, scope_id: int) -> PlaceAttributes | None:
        return self.read(lambda connection: load_place(connection, scope, scope_id))

    def _load_person(self, user_id: int) -> Person | None:
        return self.read(lambda connection: load_person(connection, user_id))

    def _load_emergencies(self) -> Emergencies:
        now = self.surroundings.clock()
        return self.read(lambda connection: load_emergencies(connection, now))

    @contextmanager
    def _connection(self) -> Iterator[Connection]:
        caching = PermissionSystem.caching_of(self.app)
        if caching is None or in_change():
            db.session.flush()
            yield db.session.connection()
        else:
            with caching.pool.read() as connection:
                yield connection
