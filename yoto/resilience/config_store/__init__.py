"""Live configuration by kind and name: versioned, validated, recorded, and free to read."""

from .declarations import declare, declare_numbers, declared, spelled_out
from .document import Action, Change, Origin
from .entry import Entry, Receipt, change_to_plain
from .journal import Journal
from .kinds import FLEET, REDIS_BREAKER, Kind, check_entry, class_of, parse_kind
from .recorder import audit_of
from .redis_copy import RedisCopy
from .store import ConfigStore

__all__ = [
    "FLEET",
    "REDIS_BREAKER",
    "Action",
    "Change",
    "ConfigStore",
    "Entry",
    "Journal",
    "Kind",
    "Origin",
    "Receipt",
    "RedisCopy",
    "audit_of",
    "change_to_plain",
    "check_entry",
    "class_of",
    "declare",
    "declare_numbers",
    "declared",
    "parse_kind",
    "spelled_out",
]
