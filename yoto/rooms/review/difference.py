"""Users who gained or lost a permission between two moments, by undoing changes one by one."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple

from flask import current_app
from sqlalchemy import Row, and_, func, select
from sqlalchemy.engine import Connection

from yoto.nodes import shown_text
from yoto.permission.audited import (
    PUBLIC,
    TEAM,
    USER,
    before_of,
    is_about_one,
    members_by,
    nested_by,
    program_of,
    recorded_in,
    subject_id,
)
from yoto.permission.database.statements import audit, of_community, provides_roles, table, users
from yoto.permission.loading import implying
from yoto.permission.loading.sites import Site, site_at
from yoto.permission.registry.registry import PermissionRegistry, RegisteredPermission
from yoto.permission.registry.scopes import Place
from yoto.rooms.review.history import History
from yoto.rooms.review.loading import add_accounts, add_teams, load_history
from yoto.rooms.review.report import AccessDifference, Turn
from yoto.rooms.review.reversal import REVERSALS, reverse_record
from yoto.rooms.review.reversal.places import lender_before
from yoto.store.declarations import declarations_of
from yoto.store.models import Permission
from yoto.store.people import USERS

permissions = table(Permission)

RECORDS_MAX = 50_000  # records taken back: some 100 MB
NESTING = ("team.nest", "team.unnest", "team.delete")
NEEDED = ("id", "at", "action", "subject", "actor_id", "server_id", "before", "after")


def difference_of(
    connection: Connection,
    registry: PermissionRegistry,
    permission: RegisteredPermission,
    place: Place,
    since: datetime,
    until: datetime,
) -> AccessDifference:
    """Compare the users with ``permission`` in ``place`` at the two moments; policies are left out.

    Raises:
        UnknownResource: the place does not exist.
    """
    wanted = [permission.id, *implying(place, registry.snapshot)]
    site = site_at(connection, place)
    records = _records(connection, site.home, since)
    notes = []
    if len(records) > RECORDS_MAX:
        records = records[:RECORDS_MAX]
        notes.append(f"too many changes: those before {records[-1].at.isoformat()} are not in it")
    moves = (lender_before(one) for one in records if one.subject == str(place))
    lenders = [lender for lender in moves if lender is not None]
    later = load_history(connection, site, wanted, lenders)
    nested = {edge for one in records if one.action in NESTING for edge in nested_by(one)}
    add_teams(connection, later, _teams(records), nested)
    named = _people(records)
    add_accounts(connection, later, named.people, named.public or later.is_public)
    newer = [record for record in records if record.at > until]
    between = [record for record in records if record.at <= until]
    for record in newer:
        reverse_record(later, record, registry)
    earlier = later.copied()
    for record in between:
        reverse_record(earlier, record, registry)

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

    notes += _unrecorded(later.site)
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


def _records(connection: Connection, home: str | None, since: datetime) -> Sequence[Row[Any]]:
    """Records that can change a verdict in the home, newest first, up to one over the limit."""
    return connection.execute(
        select(*(audit.c[name] for name in NEEDED))
        .where(and_(audit.c.at > since, audit.c.action.in_(REVERSALS), recorded_in(home)))
        .order_by(audit.c.id.desc())
        .limit(RECORDS_MAX + 1)
    ).all()


def _unrecorded(site: Site) -> list[str]:
    """The application's own data that affects the place and is in no audit record.

    A community writes audit records of such changes. Whether another application does, with tables
    of its own, is unknown here.
    """
    notes = []
    if not all(of_community(one.name) for one in site.types):
        notes.append(
            "where nodes lay, whose they were and who belonged there before is not taken back"
        )
    people = declarations_of(current_app).tables.get(USERS)
    if people is None or not people.stands_for(users):
        notes.append(
            "which accounts there were, disabled or super-admins', is not in the audit log"
        )
    if provides_roles():
        notes.append("which roles the application provided before is unknown: those of now count")
    return notes


class Named(NamedTuple):
    """Users whose access records can restore, and whether that includes everybody."""

    people: set[int]
    public: bool


def _people(records: Sequence[Row[Any]]) -> Named:
    people, public = set[int](), False
    for record in records:
        before = before_of(record)
        if record.action.startswith("application."):
            people.add(program_of(record))
        elif is_about_one(record):
            people.add(subject_id(record))
        subjects = [one.get("subject", "") for one in before.get("assignments", ())]
        public = public or PUBLIC in (record.subject, *subjects)
        people |= {int(one.removeprefix(USER)) for one in subjects if one.startswith(USER)}
        for part in ("holders", "windows"):
            people |= {one["user_id"] for one in before.get(part, ())}
        if record.action.startswith("team."):
            people |= members_by(record)
        people |= {values["owner_id"] for values in (before,) if "owner_id" in values}
        people |= {mark["user"] for mark in _marks(before) if "user" in mark}
    return Named(people, public)


def _marks(values: dict[str, Any]) -> list[dict[str, Any]]:
    """The overwrites in a record: its own, and those of deleted things."""
    return [values, *values.get("overwrites", ())]


def _teams(records: Sequence[Row[Any]]) -> set[int]:
    """The teams that the records can let hold something, or have overwrites."""
    found = set()
    for record in records:
        before = before_of(record)
        found |= {mark["team"] for mark in _marks(before) if "team" in mark}
        subjects = [one.get("subject", "") for one in before.get("assignments", ())]
        for one in (*subjects, record.subject):
            if one.startswith(TEAM):
                found.add(int(one.removeprefix(TEAM)))
    return found


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
        reverse_record(history, record, registry)
        before = history.allowed(concerned, permission.mask, registry, moment)
        for user_id in concerned:
            is_last_state = (user_id in after) == (user_id in can)
            if is_last_state and (user_id in before) != (user_id in after):
                turns[user_id] = Turn(user_id, record.id, record.action, record.at, record.actor_id)
            if not is_last_state or (user_id in before) != (user_id in after):
                open_ones.discard(user_id)  # the change is found, or it was time alone
    return turns
