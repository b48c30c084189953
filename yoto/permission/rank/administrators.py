"""The platform always keeps an administrator: the last one cannot be removed.

Only global roles, their holders, groups of permissions and accounts bear on it. Every write of
these runs in ``keeping_an_administrator``, for any actor: an operator, a terminal, or code.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from typing import NamedTuple

from sqlalchemy import select
from sqlalchemy.orm import Session

from yoto.errors import LastAdministrator
from yoto.permission.database.transactions import has_written
from yoto.permission.loading.rights import Rights
from yoto.permission.loading.rows import assignments_of
from yoto.permission.loading.sites import GLOBAL_SITE
from yoto.permission.rank.role_snapshot import ALLOW, RoleSnapshot
from yoto.permission.state import PermissionState, get_state_in_maintenance
from yoto.permission.verdict.comparison import over_time
from yoto.permission.verdict.facts import UserFacts
from yoto.permission.verdict.resolver import flatten
from yoto.store.models import NOWHERE, Permission, Role, RoleAssignment, User

# The first is required to enter the control plane at all, whatever other rights a user has.
VIEW, ADMIN = "platform.view", "platform.admin"
# In ``Session.info``: whether such a block is going on already.
_KEEPING = "yoto.keeping_an_administrator"


class Kept(NamedTuple):
    """Whether there is an administrator of the platform: now, and without an end."""

    now: bool
    lasting: bool


@contextmanager
def keeping_an_administrator(
    session: Session, field: str, *, begin_anew: bool = False
) -> Iterator[None]:
    """Refuse the change inside if it leaves the platform without an administrator.

    Args:
        field: the caller's name for the subject of the refusal.
        begin_anew: the transaction's reads so far may be older than others' writes: end it, if it
            has written nothing.

    Raises:
        LastAdministrator: there was a user who can sign in and has both rights, and none would be
            left; or there was one without an end, and only temporary ones would be left.
    """
    if session.info.get(_KEEPING):
        yield
        return
    if begin_anew and not has_written(session):
        session.rollback()
    # One at a time: two administrators could take each other's rights at the same moment.
    session.execute(select(Permission.id).where(Permission.name == ADMIN).with_for_update())
    state = get_state_in_maintenance()
    before = _kept(state, session)
    session.info[_KEEPING] = True
    try:
        yield
        session.flush()
    finally:
        session.info.pop(_KEEPING, None)
    if before.now:
        after = _kept(state, session)
        if not after.now or (before.lasting and not after.lasting):
            raise LastAdministrator(field)


@contextmanager
def keeping_by_roles(
    session: Session, role_ids: Collection[int], field: str, *, begin_anew: bool
) -> Iterator[None]:
    """``keeping_an_administrator``, if one of these roles is global."""
    some = select(Role.id).where(Role.id.in_(role_ids), Role.home == NOWHERE)
    if session.scalar(some.limit(1)) is None:
        yield
        return
    with keeping_an_administrator(session, field, begin_anew=begin_anew):
        yield


def _kept(state: PermissionState, session: Session) -> Kept:
    trusted = select(User.id).where(User.super_admin.is_(True), User.disabled.is_(False))
    if session.scalar(trusted.limit(1)) is not None:
        return Kept(True, True)
    bits, by_name = state.registry.snapshot.bits, state.registry.snapshot.by_name
    if VIEW not in by_name or ADMIN not in by_name:
        return Kept(False, False)
    needed = by_name[VIEW].mask | by_name[ADMIN].mask
    snapshot = RoleSnapshot(session, state.registry, (), ())
    giving = [
        role_id
        for role_id in snapshot.shapes
        if any(
            masks[ALLOW] & by_name[ADMIN].mask
            for masks in snapshot.sums(role_id, asleep=False).values()
        )
    ]
    held = assignments_of(
        session,
        User.disabled.is_(False),
        Role.home == NOWHERE,
        RoleAssignment.node == NOWHERE,
        RoleAssignment.user_id.in_(
            select(RoleAssignment.user_id).where(RoleAssignment.role_id.in_(giving))
        ),
    )
    facts = snapshot.facts(GLOBAL_SITE, snapshot.rights(Rights()), asleep=False)
    place = flatten(facts, bits)
    kept = Kept(False, False)
    for user_id, assignments in held:
        user = UserFacts(user_id, assignments=assignments)
        found = over_time(place, user, state.clock(), bits)
        may = (one.mask & needed == needed for one in found)
        may_now = next(may)
        kept = Kept(kept.now or may_now, kept.lasting or (may_now and all(may)))
    return kept
