"""Password hashes: argon2id (RFC 9106) with the configured cost, kept off the event loop.

A hash costs tens of milliseconds and tens of megabytes on purpose. A process makes only as many
at once as it has cores, and while one is made the other requests of an eventlet or gevent process
go on. Few wait for their turn; more are turned away at once, so that nobody's sign-in takes long
however many strangers try theirs.
"""

from __future__ import annotations

import os
import threading
import unicodedata
from collections.abc import Callable
from typing import Any

from argon2 import PasswordHasher, extract_parameters
from argon2.exceptions import InvalidHashError, VerifyMismatchError
from flask import Flask, current_app

from yoto.errors import BulkheadFull

PASSWORD_MAX_LENGTH = 128  # characters
# Hashes that wait for a core: with the default costs on two cores the last is made after 2 s. Where
# it takes longer nobody waits longer than so many seconds: the next try may find a place.
MOST_WAITING = 20
LONGEST_WAIT = 3.0
NAME = "auth.passwords"
RETRY_AFTER = 2.0  # s

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
        cores = os.cpu_count() or 1
        self._slots = threading.BoundedSemaphore(cores)
        self._places = threading.BoundedSemaphore(cores + MOST_WAITING)
        self._limit = cores + MOST_WAITING

    def hash(self, password: str) -> str:
        """The hash to store, with its parameters and a fresh salt in it."""
        return str(self._run(self._hasher.hash, _normalised(password)))

    def verify(self, stored: str | None, password: str) -> bool:
        """Whether ``password`` made ``stored``.

        Where there is no hash (no such user, or one that cannot sign in) the work is done all the
        same, so that the time of an answer does not tell which names exist.
        """
        try:
            extract_parameters(stored or "")
        except InvalidHashError:
            self.hash(password)
            return False
        try:
            self._run(self._hasher.verify, stored, _normalised(password))
        except VerifyMismatchError:
            return False
        return True

    def is_outdated(self, stored: str) -> bool:
        """Whether ``stored`` was made with other costs than those configured now."""
        return self._hasher.check_needs_rehash(stored)

    def _run(self, function: Callable[..., Any], *args: Any) -> Any:
        if not self._places.acquire(blocking=False):
            raise BulkheadFull(NAME, self._limit, RETRY_AFTER)
        try:
            if not self._slots.acquire(timeout=LONGEST_WAIT):
                raise BulkheadFull(NAME, self._limit, RETRY_AFTER)
            try:
                return self._offload(function, *args)
            finally:
                self._slots.release()
        finally:
            self._places.release()


def init_passwords(app: Flask) -> None:
    """Give the application its hasher."""
    app.extensions["yoto.passwords"] = Passwords(
        app.config["ARGON2_TIME_COST"],
        app.config["ARGON2_MEMORY_KIB"],
        _offload_for(app.config["ASYNC_MODE"]),
    )


def passwords() -> Passwords:
    """The hasher of the current application."""
    return current_app.extensions["yoto.passwords"]  # type: ignore[no-any-return]


def _normalised(password: str) -> str:
    """NFC, as RFC 8265 asks: the same key strokes give the same password on every system."""
    return unicodedata.normalize("NFC", password)


def _offload_for(async_mode: str) -> Offload:
    # Native threads hash in parallel by themselves: argon2 lets go of the interpreter lock.
    return {"eventlet": _in_eventlet_pool, "gevent": _in_gevent_pool}.get(async_mode, _directly)


def _directly(function: Callable[..., Any], *args: Any) -> Any:
    return function(*args)


def _in_eventlet_pool(function: Callable[..., Any], *args: Any) -> Any:
    from eventlet import tpool

    return tpool.execute(function, *args)


def _in_gevent_pool(function: Callable[..., Any], *args: Any) -> Any:
    import gevent

    return gevent.get_hub().threadpool.apply(function, args)
