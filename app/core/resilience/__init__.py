"""Distributed guards, their live configuration, and the controller that holds them."""

from .config_store import (
    Action,
    Audit,
    AuditEntry,
    Change,
    ConfigStore,
    Entry,
    Journal,
    Kind,
    Origin,
    Receipt,
    audit_of,
    change_to_plain,
    parse_kind,
)

__all__ = [
    "Action",
    "Audit",
    "AuditEntry",
    "Change",
    "ConfigStore",
    "Entry",
    "Journal",
    "Kind",
    "Origin",
    "Receipt",
    "audit_of",
    "change_to_plain",
    "parse_kind",
]
