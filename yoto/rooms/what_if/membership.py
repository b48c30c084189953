"""Acts on memberships: a time-out, and somebody's removal.

The rows are the application's own, and so are its writes. Here only the declared columns are
changed, which verdicts read.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Column, ColumnElement, and_, delete, update
from sqlalchemy.orm import Session

from yoto.errors import PermissionDenied, UnknownResource, ValidationFailed
from yoto.permission.loading.places_sql import person_number
from yoto.permission.loading.sites import load_sites
from yoto.permission.people.numbers import SubjectId, number_of
from yoto.permission.rank.hierarchy import Authority
from yoto.permission.registry.scopes import Place
from yoto.permission.state import get_state
from yoto.permission.verdict.verdict import OUTRANKED
from yoto.store.db import db
from yoto.store.resources import known_types
from yoto.store.resources.types import Members

# The rights for the routes of a community.
TIME_OUT, REMOVE = "member.timeout", "member.kick"


def time_out(
    home: Place, subject: SubjectId, until: datetime | None, actor_id: SubjectId | None
) -> None:
    """Set a member's time-out; ``until`` None: end it.

    Raises:
        PermissionDenied: the actor does not outrank the member, who may be the owner.
        UnknownResource: that person is no member.
        ValidationFailed: people do not belong to such a node, it has no time-outs, or ``until`` is
            no time with a zone, or has passed.
    """
    _check_ahead(until)
    session = db.session()
    members, row = _row_of(session, home, subject, actor_id, TIME_OUT)
    column = members.timeout_until
    if not isinstance(column, Column):
        raise ValidationFailed({"scope": "it has no time-outs"})
    changed = session.execute(update(members.table).where(row).values({column: until}))
    _demand_one(changed.rowcount, subject)


def remove(home: Place, subject: SubjectId, actor_id: SubjectId | None) -> None:
    """End a membership, whether or not the member may come back. Raises as ``time_out``."""
    session = db.session()
    members, row = _row_of(session, home, subject, actor_id, REMOVE)
    changed = session.execute(delete(members.table).where(row))
    _demand_one(changed.rowcount, subject)


def _check_ahead(until: Any) -> None:
    if until is None:
        return
    if not isinstance(until, datetime) or until.tzinfo is None:
        raise ValidationFailed({"until": "must be a time with a time zone"})
    if until.timestamp() <= get_state().clock():
        raise ValidationFailed({"until": "is in the past"})


def _row_of(
    session: Session, home: Place, subject: SubjectId, actor_id: SubjectId | None, right: str
) -> tuple[Members, ColumnElement[bool]]:
    members = known_types().get(home.kind).members
    if members is None:
        raise ValidationFailed({"scope": "people do not belong to it"})
    number = number_of(subject, "subject")
    if actor_id is not None:
        authority = Authority(get_state(), session, number_of(actor_id, "actor_id"))
        site = load_sites(session.connection(), [home]).get(home)
        # A super-admin outranks everybody, but these acts are never done to the owner.
        owned = site is not None and site.owner_id == number
        if owned or not authority.outranks(number, str(home)):
            raise PermissionDenied(OUTRANKED, right)
    of_number = person_number(members.person) == number
    return members, and_(members.node == home.id, of_number, members.belonging)


def _demand_one(changed: int, subject: SubjectId) -> None:
    if not changed:
        raise UnknownResource("member", subject, "subject")
