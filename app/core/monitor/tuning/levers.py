"""What can be tuned: each setting, its range, and whether a change of it is live."""

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
    """

    key: str
    whole: bool
    unit: str
    low: float
    high: float
    live: bool = True

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
    "cache_roles_size": Lever("CACHE_ROLES_SIZE", True, "values", 1, MOST_KEYS),
    "cache_roles_ttl": Lever("CACHE_ROLES_TTL", False, "s", 1, DAY),
    "cache_trees_size": Lever("CACHE_TREES_SIZE", True, "values", 1, MOST_KEYS),
    "cache_trees_ttl": Lever("CACHE_TREES_TTL", False, "s", 1, DAY),
    "queue_batch_size": Lever("QUEUE_BATCH_SIZE", True, "items", 1, 1000),
    "redis_socket_timeout": Lever("REDIS_SOCKET_TIMEOUT", False, "s", 0.001, 60, live=False),
}
LIVE = {name: lever for name, lever in LEVERS.items() if lever.live}
