"""Reversal of changes of members and accounts."""

from __future__ import annotations

from yoto.permission.audited import Record, before_of, program_of, seconds, subject_id, window_of
from yoto.permission.registry.registry import PermissionRegistry
from yoto.permission.verdict.facts import NOWHERE
from yoto.rooms.review.history import Account, History, Membership
from yoto.rooms.review.reversal.values import hold_again, note, note_absent, overwrite_again

PARTS_OF_PERSON = ("assignments", "overwrites", "teams")


def joined(history: History, record: Record, registry: PermissionRegistry) -> None:
    """Undo a join: the person was not in the server."""
    history.members.pop(subject_id(record), None)


def left(history: History, record: Record, registry: PermissionRegistry) -> None:
    """Undo ``member.leave`` and ``member.kick``: the person was in the server, with their roles."""
    _come_back(history, record)


def banned(history: History, record: Record, registry: PermissionRegistry) -> None:
    """Undo a ban: the person was a member, or not; one banned before was no member either."""
    if before_of(record).get("member"):
        _come_back(history, record)
    else:
        history.members.pop(subject_id(record), None)


def unbanned(history: History, record: Record, registry: PermissionRegistry) -> None:
    """Undo an unban: the person was banned."""
    history.members[subject_id(record)] = Membership(banned=True)


def timed_out(history: History, record: Record, registry: PermissionRegistry) -> None:
    """Undo a change of a time-out; None: there was none."""
    member = history.members.get(subject_id(record))
    if member is not None:
        member.timeout_until = seconds(before_of(record)["timeout_until"])


def account_made(history: History, record: Record, registry: PermissionRegistry) -> None:
    """Undo the creation of an account."""
    history.accounts.pop(subject_id(record), None)


def program_made(history: History, record: Record, registry: PermissionRegistry) -> None:
    """Undo the creation of an application."""
    history.accounts.pop(program_of(record), None)


def program_changed(history: History, record: Record, registry: PermissionRegistry) -> None:
    """Undo a change of whether the application is disabled."""
    account = history.accounts.setdefault(program_of(record), Account())
    account.disabled = before_of(record)["disabled"]


def account_gone(history: History, record: Record, registry: PermissionRegistry) -> None:
    """Undo the deletion of a person, with everything that they held.

    The other facts about them went with the rows of the application.
    """
    before, user_id = before_of(record), subject_id(record)
    history.accounts[user_id] = Account()
    note_absent(history, record, before, PARTS_OF_PERSON)
    note(history, record, f"where {record.subject} belonged, and what they owned, is not known")
    hold_again(history, before, record.subject)
    overwrite_again(history, before, record.subject, registry)
    for inside in before.get("teams", ()):
        history.joined[inside["team_id"]][user_id] = window_of(inside)
    history.forget_teams()


def account_changed(history: History, record: Record, registry: PermissionRegistry) -> None:
    """Undo a change of whether the account is disabled, or a super-admin's."""
    account = history.accounts.setdefault(subject_id(record), Account())
    for name in ("disabled", "super_admin"):
        if name in before_of(record):
            setattr(account, name, before_of(record)[name])


def _come_back(history: History, record: Record) -> None:
    before, user_id = before_of(record), subject_id(record)
    note_absent(history, record, before, ("roles",))
    history.members[user_id] = Membership(timeout_until=seconds(before.get("timeout_until")))
    for held in before.get("roles", ()):
        history.hold(record.subject, held["role_id"], held.get("node", NOWHERE), window_of(held))
