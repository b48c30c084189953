"""Settings of permissions: their cache, their publication, and background work."""

from __future__ import annotations

from .setting import flag, number, share, whole

KEYS = (1, 10_000_000)
DAY = 86_400.0  # s
LIFE = (1, DAY)


class Cache:
    """The cache: [consistency.md](consistency.md)"""

    MAX_STALENESS = number(
        # Redis is heard several times a second; a shorter bound would be broken by scheduling.
        2.0,
        0.5,
        60,
        "s",
        "How long memory and Redis may answer checks after the invalidation log was last heard.",
    )
    CACHE_USERS_SIZE = whole(8_000, *KEYS, "users", "Users in memory, each with all places.")
    CACHE_USERS_TTL = number(900.0, *LIFE, "s", "How long their permissions are kept.")
    CACHE_CONDITIONAL_SIZE = whole(
        2_000, *KEYS, "users", "Users in memory whose permissions change at a known moment."
    )
    CACHE_CONDITIONAL_TTL = number(600.0, *LIFE, "s", "How long these are kept.")
    CACHE_PLACES_PER_USER = whole(32, 1, 10_000, "places", "Places of one user in memory.")
    CACHE_STORED_PLACES = whole(256, 1, 10_000, "places", "Places of one user in Redis.")
    CACHE_SOFT_SHARE = share(
        0.8,
        0.1,
        "Part of its life after which a look-up renews an entry in the background; 1: never.",
    )
    CACHE_WAIT_FOR_POSITION = number(
        0.25, 0, 10, "s", "How long a check that brings a position waits for the log."
    )
    CACHE_LOAD_LEASE = number(
        2.0, 0.2, 60, "s", "Time until another process takes over from a loader that died."
    )
    CACHE_LOAD_WAIT = number(
        2.5,
        0,
        120,
        "s",
        "How long to wait for the load of another process; longer than `CACHE_LOAD_LEASE`.",
    )
    PERMISSION_POOL_SIZE = whole(
        4, 1, 100, "connections", "Database connections with which the cache loads."
    )
    PERMISSION_POOL_WAIT = number(2.0, 0.01, 60, "s", "How long a check waits for a free one.")
    OUTBOX_RELAY = flag(
        True, "Whether this process publishes changes that a dead writer left in the outbox."
    )
    OUTBOX_RELAY_INTERVAL = number(1.0, 0.05, 60, "s", "Time between two turns of that relay.")


class Boundaries:
    """Rights that begin or end by themselves: [invalidation.md](invalidation.md)"""

    INVALIDATION_BOUNDARY_INTERVAL = number(
        1.0, 0.05, 60, "s", "Time between looks for rights that begin or end by themselves."
    )
    INVALIDATION_BOUNDARY_HORIZON = number(
        30.0, 0.2, 3_600, "s", "How far they look ahead; more than two intervals."
    )
    INVALIDATION_BOUNDARY_MARGIN = number(
        0.5, 0, 60, "s", "How long after its moment it is published, since clocks differ."
    )
    INVALIDATION_BOUNDARY_FALLBACK = number(
        3_600.0, 60, 604_800, "s", "How far back the first look goes when no earlier one is known."
    )
