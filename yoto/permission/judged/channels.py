"""The channels in which policies judge members, who only send messages there."""

from __future__ import annotations

from collections.abc import Sequence

from flask import Flask

from yoto.cache import NodeId, TieredCache
from yoto.permission.judged.memory import connection_of, may_remember
from yoto.permission.judged.places import (
    CHANNEL,
    SERVER,
    PlaceAttributes,
    judged_channels,
    judges_members,
    load_place,
)
from yoto.permission.judged.remembered import RememberedPlaces
from yoto.permission.registry.catalogue import JUDGED_WHERE_SET
from yoto.permission.registry.scopes import Place
from yoto.permission.verdict.abac import JudgedPlaces


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
