"""Joins tables to the protocols of core packages, for ``create_app`` to hand over."""

from .audit import sql_audit
from .database import DATABASE, DATABASE_BREAKER, guard_database
from .decisions import record_settings
from .journal import SqlJournal

__all__ = [
    "DATABASE",
    "DATABASE_BREAKER",
    "SqlJournal",
    "guard_database",
    "record_settings",
    "sql_audit",
]
