"""Putting back the values of a record."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from yoto.permission.audited import Record, window_of
from yoto.permission.registry.registry import PermissionRegistry
from yoto.rooms.review.history import History

Reversal = Callable[[History, Record, PermissionRegistry], None]


def note(history: History, record: Record, what: str) -> None:
    """Note that something could not be undone."""
    history.unknown.append(f"{record.at.isoformat()} {record.action} ({record.id}): {what}")


def note_absent(
    history: History, record: Record, values: dict[str, Any], parts: Iterable[str]
) -> None:
    """Note the ``parts`` that the values lack, because the record is old, or they were too many."""
    absent = [part for part in parts if part not in values]
    if absent:
        note(history, record, f"the log does not hold {', '.join(absent)} of {record.subject}")


def set_effect(rows: dict[Any, bool], key: Any, effect: str | None) -> None:
    """Put a row back as it was; None: there was no row."""
    if effect is None:
        rows.pop(key, None)
    else:
        rows[key] = effect == "allow"


def ids_of(registry: PermissionRegistry, names: Iterable[str]) -> set[int]:
    """The ids of those permissions that are registered; the others decide nothing."""
    known = registry.snapshot.by_name
    return {known[name].id for name in names if name in known}


def hold_again(history: History, values: dict[str, Any], subject: str | None = None) -> None:
    """Put back the ``assignments`` of a record about a deletion.

    Args:
        subject: their holder; None: each has its own.
    """
    for held in values.get("assignments", ()):
        of = held["subject"] if subject is None else subject
        history.hold(of, held["role_id"], held["node"], window_of(held))


def overwrite_again(
    history: History, values: dict[str, Any], target: str, registry: PermissionRegistry
) -> None:
    """Put back the ``overwrites`` of a record about a target that was deleted."""
    for row in values.get("overwrites", ()):
        for permission_id in ids_of(registry, [row["permission"]]):
            set_effect(history.overwrites, (row["place"], target, permission_id), row["effect"])
