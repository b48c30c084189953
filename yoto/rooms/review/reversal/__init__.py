"""Undoes one record of the audit log: the rows as they were before it.

Values that a record does not hold cannot be restored. They are listed in ``History.unknown``, never
guessed.
"""

from __future__ import annotations

from yoto.permission.audited import Record, is_about_one
from yoto.permission.registry.registry import PermissionRegistry
from yoto.rooms.review.history import History
from yoto.rooms.review.reversal import groups, people, places, roles, teams
from yoto.rooms.review.reversal.values import Reversal

__all__ = ["REVERSALS", "reverse_record"]

REVERSALS: dict[str, Reversal] = {
    "role.assign": roles.assigned,
    "role.unassign": roles.assigned,
    "role.grant": roles.granted,
    "role.revoke": roles.granted,
    "role.create": roles.created,
    "role.update": roles.updated,
    "role.delete": roles.deleted,
    "group.create": groups.created,
    "group.update": groups.updated,
    "group.delete": groups.deleted,
    "overwrite.set": places.overwritten,
    "overwrite.clear": places.overwritten,
    "server.create": places.server_created,
    "server.transfer": places.transferred,
    "channel.create": places.channel_created,
    "channel.move": places.channel_moved,
    "channel.sync": places.channel_moved,
    "channel.unsync": places.channel_moved,
    "category.delete": places.category_deleted,
    "member.join": people.joined,
    "member.leave": people.left,
    "member.kick": people.left,
    "member.ban": people.banned,
    "member.unban": people.unbanned,
    "member.timeout": people.timed_out,
    "team.join": teams.joined,
    "team.leave": teams.left,
    "team.nest": teams.nested,
    "team.unnest": teams.unnested,
    "team.delete": teams.deleted,
    "user.create": people.account_made,
    "user.update": people.account_changed,
    "user.delete": people.account_gone,
    "application.create": people.program_made,
    "application.disable": people.program_changed,
    "application.enable": people.program_changed,
}


def reverse_record(history: History, record: Record, registry: PermissionRegistry) -> None:
    """Take back a record whose action is one of ``REVERSALS``: those that can change a verdict."""
    REVERSALS[record.action](history, record, registry)
    if not is_about_one(record):
        history.forget_place()
