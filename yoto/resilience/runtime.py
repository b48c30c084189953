"""The resources that all guards of one application share, and their common steps."""

from __future__ import annotations

import itertools
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from msgspec import msgpack

from yoto.events import EventStream
from yoto.redis import KeyBuilder, RedisConnection, ScriptRegistry

from .breaker_hooks import HookList
from .deferred import Deferred
from .exits import ExitQueue
from .leases import Heartbeat
from .process import current_pid
from .shares import Shares, part_of

C = TypeVar("C")
T = TypeVar("T")

# On a cluster the event stream is in another slot than a breaker, whose script may not touch it.
# Its events wait in an outbox beside the state; these bound it. Entries, and ms.
OUTBOX_LENGTH = 1_000
OUTBOX_TTL_MS = 24 * 3600 * 1000


class RequestIds:
    """Ids of single requests, unique over all processes, also after a fork."""

    def __init__(self, source: str) -> None:
        self._prefix = f"{source}.{secrets.token_hex(3)}"
        self._numbers = itertools.count(1)

    def __call__(self) -> str:
        return f"{self._prefix}.{current_pid():x}.{next(self._numbers):x}"


def _alone() -> int:
    return 1


def _untimed(seconds: float) -> None:
    """Takes a time that is not recorded."""


@dataclass(frozen=True, eq=False)
class Runtime:
    """Redis, events and time, as guards use them.

    Attributes:
        redis: the application's connection.
        events: the event stream; its ``source`` is this instance's id.
        clock: seconds that only grow, for durations and for decisions without Redis. Decisions with
            Redis use the server's clock alone.
        instances: gives the number of instances.
        shares: this instance's part of limits while Redis is unavailable; None: from ``instances``.
        entered: takes the seconds until a guard admitted a call.
        heartbeat: renews the leases of this process.
        deferred: does work that no call needs to wait for.
        sweeps: does work that may take seconds, in a thread of its own.
        exits: sends the ends of calls.
        hooks: receive the single calls through breakers.
    """

    redis: RedisConnection
    events: EventStream
    clock: Callable[[], float] = time.monotonic
    instances: Callable[[], int] = _alone
    shares: Shares | None = None
    entered: Callable[[float], None] = _untimed
    heartbeat: Heartbeat = field(init=False)
    deferred: Deferred = field(init=False)
    sweeps: Deferred = field(init=False)
    exits: ExitQueue = field(init=False)
    hooks: HookList = field(init=False, default_factory=HookList)
    request_id: RequestIds = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "heartbeat", Heartbeat(self.clock))
        object.__setattr__(self, "deferred", Deferred())
        object.__setattr__(self, "sweeps", Deferred())
        object.__setattr__(self, "exits", ExitQueue(self.redis, self.deferred))
        object.__setattr__(self, "request_id", RequestIds(self.events.source))

    def publisher_args(self, max_length: int, ttl_ms: int) -> bytes:
        """The publisher of events, and how long the stream is kept, as ``emit.lua`` wants it."""
        return msgpack.encode((self.events.source, max_length, ttl_ms))

    @property
    def scripts(self) -> ScriptRegistry:
        """The only way to Lua; a call through it sees the ends of this worker's calls."""
        if self.exits.busy:
            self.exits.settle()
        return self.redis.scripts

    @property
    def keys(self) -> KeyBuilder:
        """The one maker of keys."""
        return self.redis.keys

    @property
    def clustered(self) -> bool:
        """Whether keys are spread over several servers. Raises ``StoreUnavailable`` as calls do."""
        return self.redis.topology.kind == "cluster"

    def share(self, limit: int, window: float = 0.0) -> int:
        """This instance's part of a limit, while it cannot ask the others; see ``Shares.part``."""
        if self.shares is None:
            return part_of(limit, max(1, self.instances()))
        return self.shares.part(limit, window)


class Derived(Generic[C, T]):
    """A value computed from a configuration, kept until the configuration changes."""

    __slots__ = ("_derive", "_get_config", "_kept")

    def __init__(self, get_config: Callable[[], C], derive: Callable[[C], T]) -> None:
        self._get_config = get_config
        self._derive = derive
        self._kept: tuple[C, T] | None = None

    def __call__(self) -> T:
        config = self._get_config()
        kept = self._kept
        if kept is None or (kept[0] is not config and kept[0] != config):
            kept = self._kept = (config, self._derive(config))
        return kept[1]
