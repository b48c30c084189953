"""Takes back changes of members, accounts and teams."""

from __future__ import annotations

from yoto.permission.audited import nested_by, program_of, seconds, window_of
from yoto.permission.verdict.facts import NOWHERE
from yoto.rooms.review.history import Account, Membership
from yoto.rooms.review.reversal.reversal import Reversal


def member_joined(reversal: Reversal) -> None:
    """The person was not in the server."""
    reversal.history.members.pop(reversal.number, None)


def member_left(reversal: Reversal) -> None:
    """``member.leave`` and ``member.kick``: the person was in the server, with their roles."""
    reversal.note_absent("roles")
    until = seconds(reversal.before.get("timeout_until"))
    reversal.history.members[reversal.number] = Membership(timeout_until=until)
    for held in reversal.before.get("roles", ()):
        node = held.get("node", NOWHERE)
        reversal.history.hold(reversal.record.subject, held["role_id"], node, window_of(held))


def member_banned(reversal: Reversal) -> None:
    """The person was a member, or not; one banned before was no member either."""
    if reversal.before.get("member"):
        member_left(reversal)
    else:
        member_joined(reversal)


def member_unbanned(reversal: Reversal) -> None:
    """The person was banned."""
    reversal.history.members[reversal.number] = Membership(banned=True)


def member_timed_out(reversal: Reversal) -> None:
    """A change of a time-out; None: there was none."""
    member = reversal.history.members.get(reversal.number)
    if member is not None:
        member.timeout_until = seconds(reversal.before["timeout_until"])


def account_made(reversal: Reversal) -> None:
    """The creation of an account."""
    reversal.history.accounts.pop(reversal.number, None)


def account_changed(reversal: Reversal) -> None:
    """A change of whether the account is disabled, or a super-admin's."""
    account = reversal.history.accounts.setdefault(reversal.number, Account())
    for name in ("disabled", "super_admin"):
        if name in reversal.before:
            setattr(account, name, reversal.before[name])


def account_gone(reversal: Reversal) -> None:
    """The deletion of a person, with everything that they held.

    The other facts about them went with the rows of the application.
    """
    subject, user_id = reversal.record.subject, reversal.number
    reversal.history.accounts[user_id] = Account()
    reversal.note_absent("assignments", "overwrites", "teams")
    reversal.note(f"where {subject} belonged, and what they owned, is not known")
    reversal.restore_assignments(subject=subject)
    reversal.restore_overwrites()
    for inside in reversal.before.get("teams", ()):
        reversal.history.joined[inside["team_id"]][user_id] = window_of(inside)
    reversal.history.forget_teams()


def program_made(reversal: Reversal) -> None:
    """The creation of an application."""
    reversal.history.accounts.pop(program_of(reversal.record), None)


def program_changed(reversal: Reversal) -> None:
    """A change of whether the application is disabled."""
    account = reversal.history.accounts.setdefault(program_of(reversal.record), Account())
    account.disabled = reversal.before["disabled"]


def team_joined(reversal: Reversal) -> None:
    """New members were not in the team, others get their former windows back."""
    for user_id in reversal.after["members"]:
        reversal.history.joined[reversal.number].pop(user_id, None)
    if reversal.record.before is None:
        reversal.note(f"the log does not hold who was in {reversal.record.subject} already")
    reversal.restore_members(reversal.number, "windows")
    reversal.history.forget_teams()


def team_left(reversal: Reversal) -> None:
    """The members were in the team, with their former windows."""
    reversal.note_absent("windows")
    reversal.restore_members(reversal.number, "windows")
    reversal.history.forget_teams()


def team_nested(reversal: Reversal) -> None:
    """The team was not in the other one."""
    reversal.history.nested -= nested_by(reversal.record)
    reversal.history.forget_teams()


def team_unnested(reversal: Reversal) -> None:
    """The team was in the other one."""
    reversal.history.nested |= nested_by(reversal.record)
    reversal.history.forget_teams()


def team_deleted(reversal: Reversal) -> None:
    """The team comes back with members, roles, overwrites, and nestings."""
    reversal.note_absent("members", "parents", "children", "assignments", "overwrites")
    reversal.restore_members(reversal.number, "members")
    reversal.restore_assignments(subject=reversal.record.subject)
    reversal.restore_overwrites()
    team_unnested(reversal)
