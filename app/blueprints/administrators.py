"""Somebody can always administer the platform: whoever is last in that is not taken away."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from contextlib import contextmanager

from sqlalchemy import select

from app.blueprints.operator_roles import operator_roles
from app.db import db, utcnow, writing
from app.extensions import permissions
from app.http.conflicts import conflict
from app.http.operators import ADMIN, VIEW
from app.models import Permission, RoleAssignment, User

LAST = "is the last administrator who can sign in; name another one first"
PAGE = 100
# Without the first nobody is let in, whatever else they may do.
NEEDED = frozenset({VIEW, ADMIN})


@contextmanager
def keeping_an_administrator() -> Iterator[None]:
    """Commit the change inside, unless nobody could administer the platform after it.

    Raises:
        Conflict: there was somebody who can sign in and has ``platform.admin``, and would be nobody
            any more; or there was somebody for good, and would be nobody but for a while.
    """
    db.session.rollback()  # what was read so far is older than the lock
    with writing():
        try:
            # One at a time: two administrators could take each other's rights at the same moment.
            db.session.execute(
                select(Permission.id).where(Permission.name == ADMIN).with_for_update()
            )
            before = _administrators()
            lasted = bool(_lasting(before))
            yield
            db.session.flush()
            after = _administrators()
            if (before and not after) or (lasted and not _lasting(after)):
                raise conflict("user_id", LAST)
            db.session.commit()
        except BaseException:
            db.session.rollback()
            raise


def _administrators() -> set[int]:
    """Accounts that have both rights now; none of them is disabled."""
    found: set[int] = set()
    after: int | None = None
    while True:
        page = permissions.list_users(ADMIN, "global", after=after, limit=PAGE)
        seeing = permissions.batch_check_permissions(page.ids, VIEW)
        found.update(user_id for user_id, may in seeing.items() if may)
        if page.next_after is None:
            return found
        after = page.next_after


def _lasting(administrators: Collection[int]) -> set[int]:
    """Those of them who have both rights without an end."""
    always = select(User.id).where(User.id.in_(administrators), User.super_admin.is_(True))
    found = set(db.session.scalars(always))
    roles = {one.id: one.rights for one in operator_roles().values() if one.active}
    started = RoleAssignment.valid_from.is_(None) | (RoleAssignment.valid_from <= utcnow())
    statement = select(RoleAssignment.user_id, RoleAssignment.role_id).where(
        RoleAssignment.user_id.in_(administrators),
        RoleAssignment.role_id.in_(tuple(roles)),
        RoleAssignment.valid_until.is_(None),
        started,
    )
    held: dict[int, set[str]] = {}
    for user_id, role_id in db.session.execute(statement):
        held.setdefault(user_id, set()).update(roles[role_id])
    return found | {user_id for user_id, rights in held.items() if rights >= NEEDED}
