"""Joins tables to the protocols of core packages, for ``create_app`` to hand over."""

from .audit import sql_audit
from .database import DATABASE, DATABASE_BREAKER, guard_database
from .decisions import record_settings
from .journal import SqlJournal
from .passing import tell_each
from .policies import policy_engine
from .policy_check import PolicyJudge
from .policy_facts import Surroundings

__all__ = [
    "DATABASE",
    "DATABASE_BREAKER",
    "PolicyJudge",
    "SqlJournal",
    "Surroundings",
    "guard_database",
    "policy_engine",
    "record_settings",
    "sql_audit",
    "tell_each",
]
