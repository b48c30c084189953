"""Takes back changes of members, accounts and teams."""

from __future__ import annotations

from yoto.permission.audited import nested_by, program_of, seconds, window_of
from yoto.permission.verdict.facts import NOWHERE
from yoto.rooms.review.history import Account, Membership
from yoto.rooms.review.reversal.reversal import Reversal


def member_joined(one: Reversal) -> None:
    """The person was not in the server."""
    one.history.members.pop(one.number, None)


def member_left(one: Reversal) -> None:
    """``member.leave`` and ``member.kick``: the person was in the server, with their roles."""
    one.note_absent("roles")
    until = seconds(one.before.get("timeout_until"))
    one.history.members[one.number] = Membership(timeout_until=until)
    for held in one.before.get("roles", ()):
        node = held.get("node", NOWHERE)
        one.history.hold(one.record.subject, held["role_id"], node, window_of(held))


def member_banned(one: Reversal) -> None:
    """The person was a member, or not; one banned before was no member either."""
    if one.before.get("member"):
        member_left(one)
    else:
        member_joined(one)


def member_unbanned(one: Reversal) -> None:
    """The person was banned."""
    one.history.members[one.number] = Membership(banned=True)


def member_timed_out(one: Reversal) -> None:
    """A change of a time-out; None: there was none."""
    member = one.history.members.get(one.number)
    if member is not None:
        member.timeout_until = seconds(one.before["timeout_until"])


def account_made(one: Reversal) -> None:
    """The creation of an account."""
    one.history.accounts.pop(one.number, None)


def account_changed(one: Reversal) -> None:
    """A change of whether the account is disabled, or a super-admin's."""
    account = one.history.accounts.setdefault(one.number, Account())
    for name in ("disabled", "super_admin"):
        if name in one.before:
            setattr(account, name, one.before[name])


def account_gone(one: Reversal) -> None:
    """The deletion of a person, with everything that they held.

    The other facts about them went with the rows of the application.
    """
    subject, user_id = one.record.subject, one.number
    one.history.accounts[user_id] = Account()
    one.note_absent("assignments", "overwrites", "teams")
    one.note(f"where {subject} belonged, and what they owned, is not known")
    one.restore_assignments(subject=subject)
    one.restore_overwrites()
    for inside in one.before.get("teams", ()):
        one.history.joined[inside["team_id"]][user_id] = window_of(inside)
    one.history.forget_teams()


def program_made(one: Reversal) -> None:
    """The creation of an application."""
    one.history.accounts.pop(program_of(one.record), None)


def program_changed(one: Reversal) -> None:
    """A change of whether the application is disabled."""
    account = one.history.accounts.setdefault(program_of(one.record), Account())
    account.disabled = one.before["disabled"]


def team_joined(one: Reversal) -> None:
    """New members were not in the team, others get their former windows back."""
    for user_id in one.after["members"]:
        one.history.joined[one.number].pop(user_id, None)
    if one.record.before is None:
        one.note(f"the log does not hold who was in {one.record.subject} already")
    one.restore_members(one.number, "windows")
    one.history.forget_teams()


def team_left(one: Reversal) -> None:
    """The members were in the team, with their former windows."""
    one.note_absent("windows")
    one.restore_members(one.number, "windows")
    one.history.forget_teams()


def team_nested(one: Reversal) -> None:
    """The team was not in the other one."""
    one.history.nested -= nested_by(one.record)
    one.history.forget_teams()


def team_unnested(one: Reversal) -> None:
    """The team was in the other one."""
    one.history.nested |= nested_by(one.record)
    one.history.forget_teams()


def team_deleted(one: Reversal) -> None:
    """The team comes back with members, roles, overwrites, and nestings."""
    one.note_absent("members", "parents", "children", "assignments", "overwrites")
    one.restore_members(one.number, "members")
    one.restore_assignments(subject=one.record.subject)
    one.restore_overwrites()
    team_unnested(one)
