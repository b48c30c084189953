"""Computes the needs of so many people from measured costs: ``python -m tools.capacity``.

docs/capacity.md has the tables that this prints, and a test compares. Processor times are those of
one core of the machine that docs/benchmarks.md names; measure yours (``make bench``, ``python -m
benchmarks footprint``) and put them here before you buy anything.
"""

from __future__ import annotations

from math import ceil

# Measured: microseconds of a worker's processor a request (benchmarks: http, eventlet, MariaDB).
VIEW_US, GUARDED_US, LIST_US = 255, 492, 1_162
# More of it where Redis, and not memory, knew the person (benchmarks: check).
REDIS_READ_US = 183
# Microseconds of the servers' processors (benchmarks: footprint; monitor).
GUARD_VALKEY_US, READ_VALKEY_US, LOAD_MARIADB_US, FLUSH_VALKEY_US = 236, 20, 3_270, 800
# Bytes (benchmarks: footprint; idle).
IN_MEMORY, IN_VALKEY, LIMIT, HISTORY = 1_332, 129, 75, 8_912
WORKER = 160e6
ROWS = {
    "users": 289,
    "members": 158,
    "assignments": 332,
    "audit": 379,
    "decisions": 479,
    "messages": 279,
}

# Assumed: replace these by your own figures.
REQUESTS_A_DAY, PEAK = 50, 3  # a person; the busiest hour over the mean
GUARDED, LISTS = 0.3, 0.1  # shares of requests; the others only check a right
ACTIVE, MONTHLY = 0.05, 0.5  # shares of people: in a quarter of an hour, in a month
LIMITS = 3  # limits that one active person uses
SERVERS, ROLES = 3, 2  # that a person is a member of, and holds beside the default one
ACTS, WORDS = 12, 700  # records of the audit log, and messages, of a person in a year
CACHED = 100_000  # CACHE_USERS_SIZE; its default is 8,000
USE = 0.6  # of a core, at the peak
DECISIONS = 10_000_000  # DECISION_RECORD_ROWS

PEOPLE = (10_000, 100_000, 1_000_000, 10_000_000)
QUARTER = 900  # s, CACHE_USERS_TTL


def needs(people: int) -> dict[str, float]:
    """Their needs at the peak, by kind."""
    requests = people * REQUESTS_A_DAY * PEAK / 86_400
    active = people * ACTIVE
    missed = 1 - min(1, CACHED / active)
    mean = (1 - GUARDED - LISTS) * VIEW_US + GUARDED * GUARDED_US + LISTS * LIST_US
    cores = requests * (mean + missed * REDIS_READ_US) / 1e6 / USE
    workers = max(4, ceil(cores))
    guards = requests * GUARDED * GUARD_VALKEY_US
    redis = guards + requests * missed * READ_VALKEY_US + workers * FLUSH_VALKEY_US
    loads = active / QUARTER
    statements = requests * LISTS + 2 * loads
    own = people * (ROWS["users"] + SERVERS * ROWS["members"] + ROLES * ROWS["assignments"])
    return {
        "requests a second": requests,
        "worker cores": cores,
        "workers": workers,
        "GB a worker": (WORKER + min(CACHED, active) * IN_MEMORY) / 1e9,
        "answered by memory, %": 100 * (1 - missed),
        "Valkey: calls a second": requests * (GUARDED + missed) + 17 * workers,
        "Valkey: cores": redis / 1e6 / USE,
        "Valkey: of these, all guards": guards / 1e6 / USE,
        "Valkey: GB of the cache and limits": active * (IN_VALKEY + LIMITS * LIMIT) / 1e9,
        "Valkey: GB of what people did": people * MONTHLY * HISTORY / 1e9,
        "database: statements a second": statements,
        "database: cores": statements * LOAD_MARIADB_US / 2 / 1e6 / USE,
        "database: GB of people and rights": own / 1e9,
        "database: GB of the audit log a year": people * ACTS * ROWS["audit"] / 1e9,
        "database: GB of decision records": DECISIONS * ROWS["decisions"] / 1e9,
        "database: GB of messages a year": people * WORDS * ROWS["messages"] / 1e9,
    }


def table() -> str:
    """A row for each need, a column for each number of people."""
    columns = [needs(people) for people in PEOPLE]
    lines = ["| people | " + " | ".join(f"{people:,}" for people in PEOPLE) + " |"]
    lines.append("|---|" + "---|" * len(PEOPLE))
    for name in columns[0]:
        lines.append(f"| {name} | " + " | ".join(_shown(one[name]) for one in columns) + " |")
    return "\n".join(lines)


def _shown(value: float) -> str:
    return f"{value:,.0f}" if value >= 10 else f"{value:.2g}"


if __name__ == "__main__":
    print(table())
