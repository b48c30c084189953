"""Taking back what happened to members and accounts."""

from __future__ import annotations

from yoto.permission.registry import PermissionRegistry
from yoto.permission.review.history import Account, History, Membership
from yoto.permission.review.undo.values import (
    Record,
    before_of,
    note,
    note_absent,
    seconds,
    subject_id,
    window_of,
)


def joined(history: History, record: Record, registry: PermissionRegistry) -> None:
    """They were not in the server."""
    history.members.pop(subject_id(record), None)


def left(history: History, record: Record, registry: PermissionRegistry) -> None:
    """``member.leave`` and ``member.kick``: they were in it, with their roles."""
    _come_back(history, record)


def banned(history: History, record: Record, registry: PermissionRegistry) -> None:
    """They were in it, or not; one banned before was no member either."""
    if before_of(record).get("member"):
        _come_back(history, record)
    else:
        history.members.pop(subject_id(record), None)


def unbanned(history: History, record: Record, registry: PermissionRegistry) -> None:
    """They were kept out."""
    history.members[subject_id(record)] = Membership(banned=True)


def timed_out(history: History, record: Record, registry: PermissionRegistry) -> None:
    """Their time-out as it was; None: there was none."""
    member = history.members.get(subject_id(record))
    if member is not None:
        member.timeout_until = seconds(before_of(record)["timeout_until"])


def account_made(history: History, record: Record, registry: PermissionRegistry) -> None:
    """There was no such account."""
    history.accounts.pop(subject_id(record), None)


def account_changed(history: History, record: Record, registry: PermissionRegistry) -> None:
    """Whether it was disabled, or a super-admin's."""
    account = history.accounts.setdefault(subject_id(record), Account())
    for name in ("disabled", "super_admin"):
        if name in before_of(record):
            setattr(account, name, before_of(record)[name])


def in_teams(history: History, record: Record, registry: PermissionRegistry) -> None:
    """Teams, and who is in them: they are held as they are now."""
    note(history, record, "who is in teams is as it is now")


def _come_back(history: History, record: Record) -> None:
    before, user_id = before_of(record), subject_id(record)
    note_absent(history, record, before, ("roles",))
    history.members[user_id] = Membership(timeout_until=seconds(before.get("timeout_until")))
    for held in before.get("roles", ()):
        history.windows[user_id][held["role_id"]] = window_of(held)
