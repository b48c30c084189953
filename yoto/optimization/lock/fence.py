"""Refuses, at a resource, a holder that has lost its lock without knowing it yet."""

from __future__ import annotations

import threading

from yoto.errors import StaleToken
from yoto.moments import milliseconds
from yoto.optimization.lock.scripts import FENCED
from yoto.redis import RedisConnection
from yoto.rules import Number, Whole, checked

DAY = 86_400.0
# s; longer than any holder may stand still and then go on.
DEFAULT_TTL = DAY
MIN_TTL = 1.0
MAX_TTL = 366 * DAY
# The largest exact integer of Lua. Tokens are microseconds since 1970 and reach it in 2255.
MAX_TOKEN = 2**53


def check_token(token: int) -> None:
    """Refuse a number that is no token of a lock.

    Raises:
        ValidationFailed: names ``token`` with the allowed range.
    """
    checked("token", token, Whole(1, MAX_TOKEN - 1, says=f"1 to {MAX_TOKEN - 1}"))


class Fence:
    """For a resource that only this process can reach: admits no token after a larger one.

    A resource that several processes reach, such as a row, keeps the newest token beside itself and
    compares it in the very statement that writes.
    """

    def __init__(self, key: str) -> None:
        """``key`` names the resource in errors."""
        self.key = key
        self._newest = 0
        self._mutex = threading.Lock()

    def admit(self, token: int) -> None:
        """Admit the holder of ``token``, as often as it comes; all smaller ones are stale now.

        Raises:
            StaleToken: a later holder was here.
            ValidationFailed: no token of a lock.
        """
        check_token(token)
        with self._mutex:
            if token < self._newest:
                raise StaleToken(self.key, token, self._newest)
            self._newest = token


class FencedStore:
    """Values in Redis that only the newest holder of their lock may write.

    A holder that reads, works, and writes back begins with ``claim``. From then on the write of an
    earlier holder is refused, even if it comes before the first write of this one.
    """

    def __init__(self, redis: RedisConnection, ttl: float = DEFAULT_TTL) -> None:
        """Values are kept for ``ttl`` seconds after the last claim or write.

        With a value its newest token is forgotten; ``ttl`` must be longer than a holder can stand
        still.

        Raises:
            ValidationFailed: ``ttl`` out of its range.
        """
        checked("ttl", ttl, Number(MIN_TTL, MAX_TTL, says=f"{MIN_TTL:g} to {MAX_TTL:.0f} seconds"))
        self._redis = redis
        self._ttl = milliseconds(ttl)

    def claim(self, name: str, token: int) -> bytes | None:
        """Shut out all holders before ``token``; the present value, None if there is none.

        Raises:
            StaleToken: a later holder was here.
            StoreUnavailable: Redis did not respond.
        """
        return self._enter(name, token)

    def write(self, name: str, value: str | bytes, token: int) -> None:
        """Replace the value.

        Raises:
            StaleToken: a later holder was here; nothing was written.
            StoreUnavailable: Redis did not respond; it may have been written all the same.
        """
        self._enter(name, token, value)

    def read(self, name: str) -> bytes | None:
        """The value, for any reader; None if there is none.

        Raises:
            StoreUnavailable: Redis did not respond.
        """
        value: bytes | None = self._redis.client.hget(self._redis.keys.fenced(name), "value")
        return value

    def _enter(self, name: str, token: int, *value: str | bytes) -> bytes | None:
        check_token(token)
        entered, found = self._redis.scripts.run(
            FENCED, [self._redis.keys.fenced(name)], [token, self._ttl, *value]
        )
        if not entered:
            raise StaleToken(name, token, int(found))
        return None if found is None else bytes(found)
