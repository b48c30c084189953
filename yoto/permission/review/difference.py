"""Who gained and who lost something between two moments, by taking changes back one by one."""

from __future__ import annotations

from collections.abc import Sequence
from copy import deepcopy
from datetime import datetime
from typing import Any

from sqlalchemy import Row, and_, func, or_, select
from sqlalchemy.engine import Connection

from yoto.nodes import shown_text
from yoto.permission.loading import implying
from yoto.permission.registry import PermissionRegistry, RegisteredPermission
from yoto.permission.review.history import History
from yoto.permission.review.loading import add_accounts, add_teams, load_history
from yoto.permission.review.report import AccessDifference, Turn
from yoto.permission.review.undo import UNDO, undo
from yoto.permission.review.undo.values import before_of, is_about_one, subject_id
from yoto.permission.scopes import Place
from yoto.permission.statements import audit, of_community, provides_roles, table
from yoto.store.models import Permission

permissions = table(Permission)

RECORDS_MAX = 50_000  # that are taken back: some 100 MB
NEEDED = ("id", "at", "action", "subject", "actor_id", "server_id", "before", "after")


def difference_of(
    connection: Connection,
    registry: PermissionRegistry,
    permission: RegisteredPermission,
    place: Place,
    since: datetime,
    until: datetime,
) -> AccessDifference:
    """Compare who has ``permission`` in ``place`` at the two moments; policies are left out.

    Raises:
        UnknownResource: the place does not exist.
    """
    wanted = [permission.id, *implying(place, registry.snapshot)]
    later = load_history(connection, place, wanted)
    records = _records(connection, later.server_id, since)
    notes = []
    if len(records) > RECORDS_MAX:
        records = records[:RECORDS_MAX]
        notes.append(f"too many changes: those before {records[-1].at.isoformat()} are not in it")
    add_teams(later, _teams(records))
    add_accounts(connection, later, _people(records))
    newer = [record for record in records if record.at > until]
    between = [record for record in records if record.at <= until]
    for record in newer:
        undo(later, record, registry)
    earlier = deepcopy(later)
    for record in between:
        undo(earlier, record, registry)

    everybody = later.users() | earlier.users()
    can = later.allowed(everybody, permission.mask, registry, until.timestamp())
    could = earlier.allowed(everybody, permission.mask, registry, since.timestamp())
    notes += dict.fromkeys(earlier.unknown)
    registered = connection.scalar(
        select(permissions.c.created_at).where(permissions.c.id == permission.id)
    )
    if registered is not None and registered > since:
        could, can = set(), can if registered <= until else set()
        notes.append(f"the permission was registered at {registered.isoformat()}")
    begins = connection.scalar(select(func.min(audit.c.at)))
    if begins is None or begins > since:
        start = "is empty" if begins is None else f"begins at {begins.isoformat()}"
        notes.append(f"the audit log {start}: what was changed before is unknown")

    if later.place.id is not None and not of_community(later.place.kind):
        notes.append("where nodes lay and whose they were before is not in the audit log")
    if provides_roles():
        notes.append("which roles the application provided before is unknown: those of now count")
    if permission.abac:
        notes.append("policies take part, and what they would have said is unknown")

    turns = _turns(later, between, can ^ could, can, permission, registry)
    return AccessDifference(
        permission=permission.name,
        scope=shown_text(str(place)),
        since=since,
        until=until,
        gained=tuple(turns[user_id] for user_id in sorted(can - could)),
        lost=tuple(turns[user_id] for user_id in sorted(could - can)),
        unknown=tuple(notes),
        log_begins=begins,
    )


def _records(connection: Connection, server_id: int | None, since: datetime) -> Sequence[Row[Any]]:
    """What can change a verdict in the server, newest first; one more than are taken back."""
    of_platform = audit.c.server_id.is_(None)
    here = of_platform if server_id is None else or_(of_platform, audit.c.server_id == server_id)
    return connection.execute(
        select(*(audit.c[name] for name in NEEDED))
        .where(and_(audit.c.at > since, audit.c.action.in_(UNDO), here))
        .order_by(audit.c.id.desc())
        .limit(RECORDS_MAX + 1)
    ).all()


def _people(records: Sequence[Row[Any]]) -> set[int]:
    """Everybody whom the records can bring back."""
    found = set()
    for record in records:
        kind, _, number = record.subject.partition(":")
        if kind == "user":
            found.add(int(number))
        before = before_of(record)
        found |= {holder["user_id"] for holder in before.get("holders", ())}
        found |= {before["owner_id"]} if "owner_id" in before else set()
    return found


def _teams(records: Sequence[Row[Any]]) -> set[int]:
    """The teams whose overwrites the records can bring back."""
    before = [before_of(record) for record in records]
    marks = [*before, *(mark for values in before for mark in values.get("overwrites", ()))]
    return {mark["team"] for mark in marks if "team" in mark}


def _turns(
    history: History,
    records: Sequence[Row[Any]],
    changed: set[int],
    can: set[int],
    permission: RegisteredPermission,
    registry: PermissionRegistry,
) -> dict[int, Turn]:
    """For each user the change that turned the verdict last, going back from ``history``."""
    turns = {user_id: Turn(user_id) for user_id in changed}
    open_ones = set(changed)
    for record in records:
        if not open_ones:
            break
        moment, concerned = record.at.timestamp(), set(open_ones)
        if is_about_one(record):
            concerned &= {subject_id(record)}
        after = history.allowed(concerned, permission.mask, registry, moment)
        undo(history, record, registry)
        before = history.allowed(concerned, permission.mask, registry, moment)
        for user_id in concerned:
            is_last_state = (user_id in after) == (user_id in can)
            if is_last_state and (user_id in before) != (user_id in after):
                turns[user_id] = Turn(user_id, record.id, record.action, record.at, record.actor_id)
            if not is_last_state or (user_id in before) != (user_id in after):
                open_ones.discard(user_id)  # what turned it is found, or was time alone
    return turns
