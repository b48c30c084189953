"""What can be tuned: each setting, its range, and whether a change of it is live.

Limits of guards are settings too. There are as many as guards, so their names are made: those of
bulkheads are ``bulkhead:NAME``, those of rate limits ``rate_limit:NAME:DIMENSION``, with ``limit``
in the place of a dimension for what all have that have no limit of their own.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Lever:
    """One setting.

    Attributes:
        key: its configuration key.
        whole: whether it is a whole number.
        unit: what it counts.
        low, high: the ends of its range, both allowed.
        live: whether every worker takes another value while it runs; else only at its start.
        by_hand: whether it is changed only when somebody asks for it.
    """

    key: str
    whole: bool
    unit: str
    low: float
    high: float
    live: bool = True
    by_hand: bool = False

    def fit(self, value: float) -> float:
        """The allowed value that is nearest to ``value``."""
        fitted = min(max(value, self.low), self.high)
        return int(fitted) if self.whole else float(fitted)


MOST_KEYS = 10_000_000
DAY = 86_400.0

LEVERS: dict[str, Lever] = {
    "cache_users_size": Lever("CACHE_USERS_SIZE", True, "users", 1, MOST_KEYS),
    "cache_users_ttl": Lever("CACHE_USERS_TTL", False, "s", 1, DAY),
    "cache_conditional_size": Lever("CACHE_CONDITIONAL_SIZE", True, "users", 1, MOST_KEYS),
    "cache_conditional_ttl": Lever("CACHE_CONDITIONAL_TTL", False, "s", 1, DAY),
    "queue_batch_size": Lever("QUEUE_BATCH_SIZE", True, "items", 1, 1000),
    "permission_pool_size": Lever("PERMISSION_POOL_SIZE", True, "connections", 1, 100),
    "database_pool_size": Lever("DATABASE_POOL_SIZE", True, "connections", 1, 500, live=False),
    "redis_socket_timeout": Lever("REDIS_SOCKET_TIMEOUT", False, "s", 0.001, 60, live=False),
}
LIVE = {name: lever for name, lever in LEVERS.items() if lever.live}

BULKHEAD, RATE_LIMIT = "bulkhead:", "rate_limit:"


def bulkhead_setting(name: str) -> str:
    """The setting that is how many may be inside the bulkhead of that name."""
    return f"{BULKHEAD}{name}"


def rate_limit_setting(name: str, dimension: str) -> str:
    """The setting that is the limit of a dimension of the rate limit of that name."""
    return f"{RATE_LIMIT}{name}:{dimension}"


def lever_of(setting: str) -> Lever:
    """The lever of a setting of either kind.

    Raises:
        KeyError: there is no such setting.
    """
    if setting.startswith(BULKHEAD):
        name = setting.removeprefix(BULKHEAD)
        return Lever(f"bulkhead {name} max_concurrent", True, "holders", 1, 100_000)
    if setting.startswith(RATE_LIMIT):
        # Whom a limit keeps out is meant to be kept out, unless somebody says otherwise.
        name, _, dimension = setting.removeprefix(RATE_LIMIT).rpartition(":")
        key = f"rate_limit {name} {dimension} limit"
        return Lever(key, True, "units", 1, 1_000_000_000, by_hand=True)
    return LEVERS[setting]
