"""Distributed locks: a list of those held, and force-releasing one."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict
from datetime import datetime
from typing import Annotated, Any, TypedDict

from yoto.auth.operators import OPERATE, VIEW
from yoto.errors import LockChanged
from yoto.extensions import optimization
from yoto.http.acts import record_act
from yoto.http.operation import Command, Reason, Subject
from yoto.http.shapes import Between
from yoto.optimization import LockState
from yoto.store.columns import utcnow

# Few locks are held at a time, and each takes a look-up.
LIMIT_DEFAULT, LIMIT_MAX = 100, 200
MAX_TOKEN = 2**53 - 1  # largest integer that is exact in JavaScript and Lua

locks = Subject(
    "locks",
    "/locks",
    "Distributed locks",
    "lock",
    "locks",
    "See which distributed locks are held, and take one away.",
    {LockState: "Lock"},
)


class Locks(TypedDict):
    """Locks held for a second or more, the longest held first."""

    at: datetime
    items: list[LockState]
    told: Annotated[int, "How many locks the workers reported"]
    truncated: Annotated[bool, "More were reported than `limit`, and not looked at"]


class LockReleased(TypedDict):
    """A lock that was force-released."""

    name: str
    token: int


def _lines(found: Locks, limit: int) -> Iterator[str]:
    yield from map(_line, found["items"])
    if found["truncated"]:
        yield f"{found['told'] - limit} more were reported: --limit"
    if not found["items"]:
        yield "No lock has been held for a second."


def _line(one: LockState) -> str:
    held = "" if one.held_s is None else f" for {one.held_s:.1f} s"
    return (
        f"{one.name}: token {one.token}, held by {one.holder or 'unknown'}{held}, "
        f"lease ends in {one.lease_left_s:.1f} s, {one.waiting} waiting"
    )


def _shown(found: LockState | None, name: str) -> list[str]:
    return [f"{name}: not held" if found is None else _line(found)]


def _released(found: LockReleased, **given: Any) -> list[str]:
    return [f"{found['name']} was taken away from token {found['token']}."]


@locks.operation("GET", "", VIEW, Command("list", _lines))
def list_locks(limit: Annotated[int, Between(1, LIMIT_MAX)] = LIMIT_DEFAULT) -> Locks:
    """Locks that are held for a second or more, in all workers"""
    found, reported = optimization.locks.states(limit)
    return {"at": utcnow(), "items": found, "told": reported, "truncated": reported > limit}


@locks.operation("GET", "/<path:name>", VIEW, Command("show", _shown))
def read_lock(name: str) -> LockState | None:
    """A lock by its name, however briefly it is held; 404 when it is not held"""
    return optimization.locks.state_of(name)


@locks.operation(
    "POST",
    "/<path:name>/release",
    OPERATE,
    Command("release", _released),
    body="LockRelease",
)
def release_lock(
    name: str,
    token: Annotated[
        int,
        Between(1, MAX_TOKEN),
        "Of the holder that you saw; one that came later keeps the lock",
    ],
    reason: Reason,
) -> LockReleased:
    """Force-release a lock from the holder with that token; 409 if it now has another, or none

    The holder notices when it renews or releases; its later fenced writes are refused.
    """
    held = read_lock(name)
    if held is None or held.token != token:
        raise LockChanged(name, token, held)
    record_act("lock.release", f"lock:{name}", reason=reason, before=asdict(held))
    if not optimization.locks.force_release(name, token, reason):
        raise LockChanged(name, token, read_lock(name))
    return {"name": name, "token": token}
