"""Hierarchy checks for code that changes accounts; accounts are not written here."""

from __future__ import annotations

from contextlib import AbstractContextManager

from sqlalchemy import select

from yoto.errors import PermissionDenied
from yoto.permission.people.keys import SubjectId, person_number
from yoto.permission.rank.administrators import keeping_an_administrator
from yoto.permission.rank.gifts import gifts_of, lineage
from yoto.permission.rank.hierarchy import Authority
from yoto.permission.rank.not_below import check_none_above
from yoto.permission.state import get_state_in_maintenance
from yoto.permission.verdict.verdict import ROLE_TOO_HIGH, Decision
from yoto.store.db import db
from yoto.store.models import NOWHERE, Effect, Role, RoleAssignment


class AccountRules:
    """The part of ``PermissionSystem`` that others ask before they disable or enable an account.

    All of it works in maintenance, too: operators lock accounts out then.
    """

    def check_not_above(self, actor_id: SubjectId, user_id: SubjectId) -> None:
        """Go on only when the user stands not above the actor on the platform.

        Raises:
            PermissionDenied: with reason ``outranked``.
        """
        user_id = person_number(user_id)
        actor_id = person_number(actor_id, "actor_id")
        authority = Authority(get_state_in_maintenance(), db.session(), actor_id)
        check_none_above(authority, [NOWHERE], [user_id])

    def check_enabling(self, actor_id: SubjectId, user_id: SubjectId) -> None:
        """Go on only when the user's global roles give nothing that the actor has not: an account
        that is let in again has them again. What it is in servers is for those to say.

        Raises:
            PermissionDenied: with reason ``lacks_permission``; ``role_too_high`` for a role above
                the actor that sleeps, or that one of them inherits from.
        """
        user_id = person_number(user_id)
        actor_id = person_number(actor_id, "actor_id")
        session = db.session()
        authority = Authority(get_state_in_maintenance(), session, actor_id)
        held = select(Role).join(RoleAssignment, RoleAssignment.role_id == Role.id)
        held = held.where(RoleAssignment.user_id == user_id, Role.home == NOWHERE)
        roles = {one for role in session.scalars(held) for one in lineage(session, role)}
        authority.check_gifts(gifts_of(session, authority.registry, roles, Effect.ALLOW, NOWHERE))
        # Later gains of a role above the actor would reach the account, too.
        if any(role.position > authority.rank(NOWHERE) for role in roles):
            raise PermissionDenied(Decision(False, ROLE_TOO_HIGH))

    @staticmethod
    def keeping_an_administrator(field: str = "user_id") -> AbstractContextManager[None]:
        """Refuse a change of accounts in the running transaction that leaves no administrator.

        Writes of this system are checked automatically.

        Args:
            field: the caller's name for the subject of the refusal.

        Raises:
            LastAdministrator: on leaving the block.
        """
        return keeping_an_administrator(db.session(), field)
