"""Records of the audit log about rights: those that can turn a verdict, and their values."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Row, or_

from yoto.nodes import APPLICATIONS, number_in, text_of
from yoto.permission.database.statements import audit
from yoto.store.models import NOWHERE, ScopeType

Record = Row[Any]
Window = tuple[float | None, float | None]

PUBLIC, TEAM, USER = "public", "team:", "user:"

# All other actions leave every verdict as it was.
TURNING = (
    "role.assign",
    "role.unassign",
    "role.grant",
    "role.revoke",
    "role.create",
    "role.update",
    "role.delete",
    "group.create",
    "group.update",
    "group.delete",
    "overwrite.set",
    "overwrite.clear",
    "server.create",
    "server.transfer",
    "channel.create",
    "channel.move",
    "channel.sync",
    "channel.unsync",
    "category.delete",
    "member.join",
    "member.leave",
    "member.kick",
    "member.ban",
    "member.unban",
    "member.timeout",
    "team.join",
    "team.leave",
    "team.nest",
    "team.unnest",
    "team.delete",
    "user.create",
    "user.update",
    "user.delete",
    "application.create",
    "application.disable",
    "application.enable",
)


def recorded_in(home: str | None) -> ColumnElement[bool]:
    """Whether a record may be about a home, or about what is in none."""
    number = number_in(home, ScopeType.SERVER)
    elsewhere: ColumnElement[bool] = audit.c.server_id.is_(None)
    return elsewhere if number is None else or_(elsewhere, audit.c.server_id == number)


def home_of(record: Record) -> str:
    """The home that a record is about; empty: none that is recorded."""
    return NOWHERE if record.server_id is None else text_of(ScopeType.SERVER, record.server_id)


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


def seconds(text: str | None) -> float | None:
    """A time of the log in epoch seconds."""
    return None if text is None else datetime.fromisoformat(text).timestamp()


def window_of(values: dict[str, Any]) -> Window:
    """From when to when an assignment was valid."""
    return seconds(values["valid_from"]), seconds(values["valid_until"])
