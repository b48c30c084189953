"""Password hashes: argon2id (RFC 9106) with the configured cost, kept off the event loop: while one
is made the other requests of an eventlet or gevent process go on.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from argon2 import PasswordHasher, extract_parameters
from argon2.exceptions import InvalidHashError, VerifyMismatchError
from flask import Flask, current_app

from yoto.cli import async_mode_here
from yoto.hashing import HashingTurns, normalised

# Runs a function in a thread of the operating system and gives its result back.
Offload = Callable[..., Any]


class Passwords:
    """Makes and checks hashes for one application; methods that do raise ``BulkheadFull`` when too
    many wait already.

    Args:
        time_cost: passes over the memory.
        memory_kib: memory of one hash in KiB.
        offload: how a slow call is run without holding up other requests.
    """

    def __init__(self, time_cost: int, memory_kib: int, offload: Offload) -> None:
        self._hasher = PasswordHasher(time_cost=time_cost, memory_cost=memory_kib)
        self._offload = offload
        self._turns = HashingTurns()

    def hash(self, password: str) -> str:
        """The hash to store, with its parameters and a fresh salt in it."""
        return str(self._run(self._hasher.hash, normalised(password)))

    def verify(self, stored: str | None, password: str) -> bool:
        """Whether ``password`` made ``stored``.

        Where there is no hash (no such user, or one that cannot sign in) the work is done all the
        same, so that the response time does not reveal which names exist.
        """
        try:
            extract_parameters(stored or "")
        except InvalidHashError:
            self.hash(password)
            return False
        try:
            self._run(self._hasher.verify, stored, normalised(password))
        except VerifyMismatchError:
            return False
        return True

    def is_outdated(self, stored: str) -> bool:
        """Whether ``stored`` was made with other costs than those configured now."""
        return self._hasher.check_needs_rehash(stored)

    def _run(self, function: Callable[..., Any], *args: Any) -> Any:
        return self._turns.run(self._offload, function, *args)


def init_passwords(app: Flask) -> None:
    """Give the application its hasher."""
    app.extensions["yoto.passwords"] = Passwords(
        app.config["ARGON2_TIME_COST"],
        app.config["ARGON2_MEMORY_KIB"],
        _offload_for(async_mode_here(app)),
    )


def passwords() -> Passwords:
    """The hasher of the current application."""
    return current_app.extensions["yoto.passwords"]  # type: ignore[no-any-return]


def _offload_for(async_mode: str) -> Offload:
    # Native threads hash in parallel by themselves, since argon2 releases the interpreter lock.
    return {"eventlet": _in_eventlet_pool, "gevent": _in_gevent_pool}.get(async_mode, _directly)


def _directly(function: Callable[..., Any], *args: Any) -> Any:
    return function(*args)


def _in_eventlet_pool(function: Callable[..., Any], *args: Any) -> Any:
    from eventlet import tpool

    return tpool.execute(function, *args)


def _in_gevent_pool(function: Callable[..., Any], *args: Any) -> Any:
    import gevent

    return gevent.get_hub().threadpool.apply(function, args)
