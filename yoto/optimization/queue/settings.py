"""How the queue batches, retries and bounds itself."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from yoto.errors import ConfigurationError


class Range(NamedTuple):
    """What a configuration key may be.

    Attributes:
        name: attribute of ``QueueSettings``.
        kind: int or float.
        unit: what the number counts.
        low, high: the ends, both allowed.
    """

    name: str
    kind: type[int] | type[float]
    unit: str
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class QueueSettings:
    """Settings of a batch queue; times in seconds.

    Attributes:
        workers: threads of this process that call handlers; 0: it only enqueues.
        batch_size: items that a handler gets at once, at most.
        batch_age: how long the first item of a batch waits for others.
        max_tries: how often an item is tried before it goes to the dead letters.
        retry_delay: how long an item waits after its first try; each further wait is twice as long.
        retry_delay_max: the longest wait.
        patience: how old an item may be for a store that is away to use up no try.
        handler_limit: how long a handler may take before its items are given to others.
        lease: after so long, others take over what a process that died was working on.
        abandoned: handlers beyond their limit that are replaced; more of them leave this process
            with fewer workers.
        max_length: items of one kind that are not done; more are refused.
        dead_kept: dead letters of one kind; the oldest go, which is counted.
        once: how long a caller's key stands for the same item.
    """

    workers: int = 2
    batch_size: int = 100
    batch_age: float = 0.1
    max_tries: int = 5
    retry_delay: float = 1.0
    retry_delay_max: float = 300.0
    patience: float = 86_400.0
    handler_limit: float = 30.0
    lease: float = 15.0
    abandoned: int = 4
    max_length: int = 1_000_000
    dead_kept: int = 10_000
    once: float = 3600.0

    @classmethod
    def from_config(cls, config: Mapping[str, Any]) -> QueueSettings:
        """Read what ``config`` has of the keys in ``QUEUE_KEYS``.

        Raises:
            ConfigurationError: a value is out of its range; it names the key.
        """
        given: dict[str, Any] = {}
        for key, allowed in QUEUE_KEYS.items():
            value = config.get(key)
            if value is None:
                continue
            if isinstance(value, bool) or not isinstance(value, (int, allowed.kind)):
                raise ConfigurationError(key, f"{value!r} is no number of {allowed.unit}")
            if not allowed.low <= value <= allowed.high:
                raise ConfigurationError(
                    key, f"must be {allowed.low:.10g} to {allowed.high:.10g} {allowed.unit}"
                )
            given[allowed.name] = allowed.kind(value)
        return cls(**given)


QUEUE_KEYS: dict[str, Range] = {
    "QUEUE_WORKERS": Range("workers", int, "threads", 0, 64),
    # A script puts a whole batch on Lua's stack, several values an item.
    "QUEUE_BATCH_SIZE": Range("batch_size", int, "items", 1, 1000),
    "QUEUE_BATCH_AGE": Range("batch_age", float, "seconds", 0, 60),
    "QUEUE_MAX_TRIES": Range("max_tries", int, "tries", 1, 100),
    "QUEUE_RETRY_DELAY": Range("retry_delay", float, "seconds", 0.01, 3600),
    "QUEUE_RETRY_DELAY_MAX": Range("retry_delay_max", float, "seconds", 0.01, 86_400),
    "QUEUE_PATIENCE": Range("patience", float, "seconds", 0, 604_800),
    "QUEUE_HANDLER_LIMIT": Range("handler_limit", float, "seconds", 0.1, 3600),
    # Renewed at a third, which must leave time for a slow answer of Redis.
    "QUEUE_LEASE": Range("lease", float, "seconds", 0.5, 3600),
    "QUEUE_ABANDONED": Range("abandoned", int, "threads", 0, 64),
    "QUEUE_MAX_LENGTH": Range("max_length", int, "items", 1, 100_000_000),
    "QUEUE_DEAD_KEPT": Range("dead_kept", int, "items", 1, 1_000_000),
    "QUEUE_ONCE_SECONDS": Range("once", float, "seconds", 1, 604_800),
}
