"""Processes that contend for a lock, and the journal by which they are judged.

The holder of the lock says so in a list in Redis, which puts the acts of all into one order:
``in`` after it took the lock, then ``wrote`` or ``refused`` before it gives the lock back. Between
these two nobody else may be in.

A trap lets the next holder stop or kill itself in the middle of its work.
"""

from __future__ import annotations

import json
import os
import signal
from dataclasses import dataclass, field

from yoto.redis import RedisConnection

LOCK = "contest"
RESOURCE = "contest"
WORK = 0.002  # s
SIGNALS = {"stopped": signal.SIGSTOP, "killed": signal.SIGKILL}


def tell(redis: RedisConnection, what: str, token: int) -> None:
    """Write a line of the journal."""
    redis.client.rpush(redis.keys.plain("journal"), json.dumps([what, token, os.getpid()]))


def journal(redis: RedisConnection) -> list[tuple[str, int, int]]:
    """Each act, the token of the lock under which it happened, and the process."""
    lines = redis.client.lrange(redis.keys.plain("journal"), 0, -1)
    return [tuple(json.loads(line)) for line in lines]


def set_trap(redis: RedisConnection, kind: str) -> None:
    """For the next holder; ``kind`` is one of ``SIGNALS``."""
    redis.client.set(redis.keys.plain("trap"), kind, px=60_000)


def step_into_trap(redis: RedisConnection, token: int) -> None:
    """Suffer what was set, if anything."""
    kind = redis.client.getdel(redis.keys.plain("trap"))
    if kind is not None:
        tell(redis, kind.decode(), token)
        os.kill(os.getpid(), SIGNALS[kind.decode()])


@dataclass
class Verdict:
    """The findings in a journal.

    Attributes:
        overlaps: (token inside, token that came in) of two that were inside at once, though nobody
            had stopped or killed the first.
        trapped: token to what happened to its holder.
        refused: tokens whose write was refused.
        wrote: process to the number of its writes.
    """

    overlaps: list[tuple[int, int]] = field(default_factory=list)
    trapped: dict[int, str] = field(default_factory=dict)
    refused: list[int] = field(default_factory=list)
    wrote: dict[int, int] = field(default_factory=dict)


def judge(lines: list[tuple[str, int, int]]) -> Verdict:
    """Read a journal."""
    verdict = Verdict()
    inside: set[int] = set()
    for what, token, process in lines:
        if what == "in":
            free = [one for one in inside if one not in verdict.trapped]
            verdict.overlaps += [(one, token) for one in free]
            inside.add(token)
            verdict.wrote.setdefault(process, 0)
        elif what in SIGNALS:
            verdict.trapped[token] = what
        else:
            inside.discard(token)
            if what == "wrote":
                verdict.wrote[process] += 1
            else:
                verdict.refused.append(token)
    return verdict
