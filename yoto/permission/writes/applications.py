"""Accounts of programs, which hold roles as people do."""

from __future__ import annotations

from typing import Unpack

from sqlalchemy import select
from sqlalchemy.orm import Session

from yoto.errors import PermissionDenied
from yoto.nodes import APPLICATIONS
from yoto.permission.loading.finding import require
from yoto.permission.outbox.positions import WriteReceipt
from yoto.permission.rank.delegation import merged, role_closure
from yoto.permission.rank.hierarchy import Authority
from yoto.permission.rank.holdings import delegated_by, held_by, marks_by, of_teams
from yoto.permission.rank.not_below import check_none_above
from yoto.permission.registry.scopes import Place
from yoto.permission.verdict.verdict import ROLE_TOO_HIGH, Decision
from yoto.permission.writes.acting import WriteOptions, acting
from yoto.permission.writes.role_rules import checked_flag, checked_label
from yoto.store.models import (
    NOWHERE,
    ChannelOverwrite,
    Effect,
    ProgramAccount,
    Role,
    RoleAssignment,
    TeamMember,
)

NAME_LENGTH = 100
NAME_TAKEN = {"name": "another application has this name"}


class ApplicationWrites:
    """Programs; shared arguments as in ``Writes``."""

    def register_application(self, name: str, **options: Unpack[WriteOptions]) -> WriteReceipt:
        """Make the account of a program, which holds roles as people do; the receipt has its id."""
        with acting(options, NAME_TAKEN) as act:
            act.check_actor()
            made = ProgramAccount(name=checked_label(name, NAME_LENGTH))
            act.session.add(made)
            act.session.flush()
            subject, after = f"application:{made.id}", {"name": made.name}
            act.record("application.create", subject, None, after)
        return WriteReceipt(ids=(made.id,))

    def set_application_disabled(
        self, application_id: int, disabled: bool, **options: Unpack[WriteOptions]
    ) -> WriteReceipt:
        """Take all rights from a program, or give them back.

        Raises:
            PermissionDenied: it stands above the actor; or, enabled again, it would have
                permissions that the actor lacks, or a role above them, also by a team.
        """
        disabled = checked_flag(disabled, "disabled")
        with acting(options) as act:
            found = require(act.session, ProgramAccount, application_id)
            number = APPLICATIONS + found.id
            held = held_by(act.session, RoleAssignment.user_id == number)
            check_none_above(act.authority, {NOWHERE, *(role.home for role, _ in held)}, [number])
            if not disabled:
                _check_enabling(act.authority, act.session, number, held)
            before, after = {"disabled": found.disabled}, {"disabled": disabled}
            found.disabled = disabled
            action = "application.disable" if disabled else "application.enable"
            act.record(action, f"application:{found.id}", before, after)
        return WriteReceipt(ids=(application_id,))


def _check_enabling(
    authority: Authority, session: Session, number: int, held: list[tuple[Role, Place]]
) -> None:
    """The hierarchy's rules for a program that regains its own rights and those of its teams."""
    teams = select(TeamMember.team_id).where(TeamMember.user_id == number)
    by_teams, delegated = of_teams(authority, session, set(session.scalars(teams)), Effect.ALLOW)
    own = marks_by(authority, session, Effect.ALLOW, ChannelOverwrite.user_id == number)
    authority.check_delegation(
        merged(delegated_by(authority, session, held, Effect.ALLOW), delegated, own)
    )
    # Later gains of a role above the actor would reach the program, too.
    for role in {one for role, _ in (*held, *by_teams) for one in role_closure(session, role)}:
        if role.position > authority.rank(role.home):
            raise PermissionDenied(Decision(False, ROLE_TOO_HIGH))
