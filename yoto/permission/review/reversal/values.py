"""Reading the values of a record."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Any

from sqlalchemy import Row

from yoto.nodes import APPLICATIONS
from yoto.permission.registry.registry import PermissionRegistry
from yoto.permission.review.history import PUBLIC, TEAM, USER, History, Window

Record = Row[Any]
Reversal = Callable[[History, Record, PermissionRegistry], None]


def subject_id(record: Record) -> int:
    """The number in ``role:9``."""
    return int(record.subject.partition(":")[2])


def program_of(record: Record) -> int:
    """The number of the application in ``application:3``."""
    return APPLICATIONS + subject_id(record)


def is_about_one(record: Record) -> bool:
    """Whether it can change only the verdict of the user that it is about."""
    return bool(record.subject.startswith(USER))


def before_of(record: Record) -> dict[str, Any]:
    """The values before; empty for a creation."""
    return record.before if isinstance(record.before, dict) else {}


def after_of(record: Record) -> dict[str, Any]:
    """The values afterwards; empty for a removal."""
    return record.after if isinstance(record.after, dict) else {}


def owner_of(record: Record) -> str:
    """The user or set that got or lost a role, as in the table of assignments.

    Records name everybody of a node by the node.
    """
    subject: str = record.subject
    is_a_set = subject != PUBLIC and not subject.startswith((USER, TEAM))
    return f"everyone:{subject}" if is_a_set else subject


def nested_by(record: Record) -> set[tuple[int, int]]:
    """The teams that a record is about, each with one that it is, or was, in."""
    before, team_id = before_of(record), subject_id(record)
    above = {*before.get("parents", ()), before.get("parent_id"), after_of(record).get("parent_id")}
    found = {(team_id, parent_id) for parent_id in above if parent_id is not None}
    return found | {(child_id, team_id) for child_id in before.get("children", ())}


def members_by(record: Record) -> set[int]:
    """The people who join or leave a team by a record, or are in it when it is deleted."""
    members = [*before_of(record).get("members", ()), *after_of(record).get("members", ())]
    return {one["user_id"] if isinstance(one, dict) else one for one in members}


def target_of(values: dict[str, Any]) -> str:
    """The target of overwrites: ``role:9``, ``user:7`` or ``team:5``."""
    return next(f"{kind}:{values[kind]}" for kind in ("role", "user", "team") if kind in values)


def note(history: History, record: Record, what: str) -> None:
    """Note that something could not be undone."""
    history.unknown.append(f"{record.at.isoformat()} {record.action} ({record.id}): {what}")


def note_absent(
    history: History, record: Record, values: dict[str, Any], parts: Iterable[str]
) -> None:
    """Note which ``parts`` the values lack: the record is old, or they were too many."""
    absent = [part for part in parts if part not in values]
    if absent:
        note(history, record, f"the log does not hold {', '.join(absent)} of {record.subject}")


def seconds(text: str | None) -> float | None:
    """A time of the log in epoch seconds."""
    return None if text is None else datetime.fromisoformat(text).timestamp()


def window_of(values: dict[str, Any]) -> Window:
    """From when to when an assignment was valid."""
    return seconds(values["valid_from"]), seconds(values["valid_until"])


def set_effect(rows: dict[Any, bool], key: Any, effect: str | None) -> None:
    """Put a row back as it was; None: it was not there."""
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
