"""Joins tables to the protocols of core packages, for ``create_app`` to hand over."""

from .audit import sql_audit
from .journal import SqlJournal

__all__ = ["SqlJournal", "sql_audit"]
