"""Undoes one record of the audit log: the rows as they were before it."""

from __future__ import annotations

from collections.abc import Callable

from yoto.permission.audited import Record, is_about_one
from yoto.permission.registry.registry import PermissionRegistry
from yoto.rooms.review.history import History
from yoto.rooms.review.reversal import people, places, rights
from yoto.rooms.review.reversal.reversal import Reversal

REVERSALS: dict[str, Callable[[Reversal], None]] = {
    "role.assign": rights.role_assigned,
    "role.unassign": rights.role_assigned,
    "role.grant": rights.role_granted,
    "role.revoke": rights.role_granted,
    "role.create": rights.role_created,
    "role.update": rights.role_updated,
    "role.delete": rights.role_deleted,
    "group.create": rights.group_created,
    "group.update": rights.group_updated,
    "group.delete": rights.group_deleted,
    "overwrite.set": places.overwritten,
    "overwrite.clear": places.overwritten,
    "server.create": places.place_created,
    "server.transfer": places.transferred,
    "channel.create": places.place_created,
    "channel.move": places.channel_moved,
    "channel.sync": places.channel_moved,
    "channel.unsync": places.channel_moved,
    "category.delete": places.category_deleted,
    "member.join": people.member_joined,
    "member.leave": people.member_left,
    "member.kick": people.member_left,
    "member.ban": people.member_banned,
    "member.unban": people.member_unbanned,
    "member.timeout": people.member_timed_out,
    "team.join": people.team_joined,
    "team.leave": people.team_left,
    "team.nest": people.team_nested,
    "team.unnest": people.team_unnested,
    "team.delete": people.team_deleted,
    "user.create": people.account_made,
    "user.update": people.account_changed,
    "user.delete": people.account_gone,
    "application.create": people.program_made,
    "application.disable": people.program_changed,
    "application.enable": people.program_changed,
}


def reverse_record(history: History, record: Record, registry: PermissionRegistry) -> None:
    """Take back a record whose action is one of ``REVERSALS``: those that can change a verdict."""
    REVERSALS[record.action](Reversal(history, record, registry))
    if not is_about_one(record):
        history.forget_place()
