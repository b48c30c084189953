"""The application's database behind protocols of packages that know no SQL, and its breaker."""

from .database import (
    DATABASE,
    DATABASE_BREAKER,
    STORE_FAILURES,
    bypassing_breaker,
    guard_database,
    time_database,
)
from .journal import SqlJournal

__all__ = [
    "DATABASE",
    "DATABASE_BREAKER",
    "STORE_FAILURES",
    "SqlJournal",
    "guard_database",
    "bypassing_breaker",
    "time_database",
]
