"""Reversal of changes of teams."""

from __future__ import annotations

from yoto.permission.audited import Record, after_of, before_of, nested_by, subject_id, window_of
from yoto.permission.registry.registry import PermissionRegistry
from yoto.rooms.review.history import History
from yoto.rooms.review.reversal.values import hold_again, note, note_absent, overwrite_again

PARTS_OF_TEAM = ("members", "parents", "children", "assignments", "overwrites")


def joined(history: History, record: Record, registry: PermissionRegistry) -> None:
    """Undo a join: new members were not in the team, others get their former windows back."""
    inside = history.joined[subject_id(record)]
    for user_id in after_of(record)["members"]:
        inside.pop(user_id, None)
    if record.before is None:
        note(history, record, f"the log does not hold who was in {record.subject} already")
    for member in before_of(record).get("windows", ()):
        inside[member["user_id"]] = window_of(member)
    history.forget_teams()


def left(history: History, record: Record, registry: PermissionRegistry) -> None:
    """Undo a removal: the members were in the team, with their former windows."""
    before = before_of(record)
    note_absent(history, record, before, ("windows",))
    for member in before.get("windows", ()):
        history.joined[subject_id(record)][member["user_id"]] = window_of(member)
    history.forget_teams()


def nested(history: History, record: Record, registry: PermissionRegistry) -> None:
    """Undo a nesting: the team was not in the other one."""
    history.nested -= nested_by(record)
    history.forget_teams()


def unnested(history: History, record: Record, registry: PermissionRegistry) -> None:
    """Undo an un-nesting: the team was in the other one."""
    history.nested |= nested_by(record)
    history.forget_teams()


def deleted(history: History, record: Record, registry: PermissionRegistry) -> None:
    """Undo a deletion: the team comes back with members, roles, overwrites, and nestings."""
    before, team_id = before_of(record), subject_id(record)
    note_absent(history, record, before, PARTS_OF_TEAM)
    for member in before.get("members", ()):
        history.joined[team_id][member["user_id"]] = window_of(member)
    history.nested |= nested_by(record)
    hold_again(history, before, record.subject)
    overwrite_again(history, before, record.subject, registry)
    history.forget_teams()
