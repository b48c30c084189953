"""The second tier: entries in Redis, one hash a user, a field a place."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Sequence
from time import time
from typing import Any

from redis import exceptions

from yoto.cache import codec
from yoto.cache.entry import Entry, PlaceKey
from yoto.cache.settings import CacheSettings
from yoto.errors import StoreUnavailable
from yoto.nodes import place_text
from yoto.redis import RedisConnection, load_script

log = logging.getLogger(__name__)

_PACKAGE = "yoto.cache.lua"
_READ = load_script(_PACKAGE, "read.lua")
_PLACES = load_script(_PACKAGE, "places.lua")
_STORE = load_script(_PACKAGE, "store.lua")


class RemoteTier:
    """Reads and writes entries; the caller decides whether they are valid.

    ``get`` and ``put`` raise ``StoreUnavailable`` when Redis does not answer.

    Attributes:
        corrupt: values that could not be read, each a miss.
    """

    def __init__(self, redis: RedisConnection, settings: CacheSettings) -> None:
        self._redis = redis
        self._settings = settings
        self.corrupt = 0

    def retune(self, settings: CacheSettings) -> None:
        """Take other lives and numbers of places, for later reads and stores."""
        self._settings = settings

    def ttl(self, entry: Entry) -> float:
        """Seconds that an entry of this kind lives, in both tiers."""
        kind = self._settings.users if entry.valid_until is None else self._settings.conditional
        return kind.ttl

    def get(self, user_id: int, place: PlaceKey) -> Entry | None:
        """The entry of one user in one place, unless it is not there, unreadable or expired."""
        keys = [self._redis.keys.user_permissions(user_id)]
        try:
            reply = self._redis.scripts.run(_READ, keys, [place_text(place)])
        except exceptions.ResponseError as error:
            reply = error
        return self._decoded(user_id, place, reply)

    def places(self, user_id: int) -> int:
        """The number of places of one user that have entries.

        Raises:
            StoreUnavailable: Redis did not answer.
        """
        key = self._redis.keys.user_permissions(user_id)
        return int(self._redis.scripts.run(_PLACES, [key]))

    def get_many(self, user_ids: Sequence[int], place: PlaceKey) -> dict[int, Entry]:
        """The entries of many users in one place: one round trip a server.

        Entries of an unavailable server are missing from the result.
        """
        key, field = self._redis.keys.user_permissions, [place_text(place)]
        calls = [(_READ, [key(user_id)], field) for user_id in user_ids]
        replies = self._redis.scripts.run_many(calls, raise_errors=False)
        found = {}
        for user_id, reply in zip(user_ids, replies, strict=True):
            entry = self._decoded(user_id, place, reply)
            if entry is not None:
                found[user_id] = entry
        return found

    def put(self, entry: Entry) -> None:
        """Store ``entry`` unless a newer one is there, or it has no time left."""
        call = self._store_call(entry, time())
        if call is not None:
            self._redis.scripts.run(*call)

    def put_many(self, entries: Iterable[Entry]) -> None:
        """Store many: one round trip a server; entries for an unavailable server are lost."""
        now = time()
        calls = [self._store_call(entry, now) for entry in entries]
        self._redis.scripts.run_many([call for call in calls if call], raise_errors=False)

    def _store_call(self, entry: Entry, now: float) -> Any:
        life = int((entry.expires_at(self.ttl(entry)) - now) * 1000)
        if life < 1:
            return None
        keys = [self._redis.keys.user_permissions(entry.user_id)]
        args = [place_text(entry.place), codec.encode(entry), life, self._settings.stored_places]
        return _STORE, keys, args

    def _decoded(self, user_id: int, place: PlaceKey, data: Any) -> Entry | None:
        if data is None or isinstance(data, StoreUnavailable):
            return None
        try:
            if isinstance(data, exceptions.ResponseError):
                raise codec.Unreadable(str(data))
            entry = codec.decode(user_id, place, data)
        except codec.Unreadable as error:
            self.corrupt += 1
            log.warning("the stored entry of user %d in place %d: %s", user_id, place, error)
            return None
        return entry if time() < entry.expires_at(self.ttl(entry)) else None
