"""Accounts of programs, which hold roles as people do."""

from __future__ import annotations

from yoto.errors import UnknownResource
from yoto.nodes import APPLICATIONS
from yoto.permission.audit import record_audit
from yoto.permission.hierarchy import Authority
from yoto.permission.holdings import gifts_by, held_by
from yoto.permission.keys import SubjectId, actor_number
from yoto.permission.receipt import WriteReceipt
from yoto.permission.role_rules import NAME_TAKEN, checked_label
from yoto.permission.scopes import checked_id
from yoto.permission.state import get_state
from yoto.permission.transactions import write
from yoto.store.models import Effect, ProgramAccount, RoleAssignment

NAME_LENGTH = 100


class ApplicationWrites:
    """The part of ``PermissionSystem`` about programs; shared arguments as in ``RoleWrites``."""

    def register_application(
        self,
        name: str,
        *,
        actor_id: SubjectId | None = None,
        reason: str | None = None,
        commit: bool = True,
    ) -> WriteReceipt:
        """Make the account of a program, which holds roles as people do; the receipt has its id."""
        actor_id = actor_number(actor_id)
        state = get_state()
        with write(commit, NAME_TAKEN) as session:
            Authority(state, session, actor_id)
            made = ProgramAccount(name=checked_label(name, NAME_LENGTH))
            session.add(made)
            session.flush()
            subject = f"application:{made.id}"
            record_audit(
                session,
                "application.create",
                subject,
                actor_id=actor_id,
                after={"name": made.name},
                reason=reason,
            )
        return WriteReceipt(ids=(made.id,))

    def set_application_disabled(
        self,
        application_id: int,
        disabled: bool,
        *,
        actor_id: SubjectId | None = None,
        reason: str | None = None,
        commit: bool = True,
    ) -> WriteReceipt:
        """Let a program do nothing any more, or again what its roles say."""
        actor_id = actor_number(actor_id)
        state = get_state()
        with write(commit) as session:
            found = session.get(ProgramAccount, checked_id(application_id, "application_id"))
            if found is None:
                raise UnknownResource("application", application_id, "application_id")
            authority = Authority(state, session, actor_id)
            if not disabled:
                number = found.id
                held = held_by(session, RoleAssignment.user_id == APPLICATIONS + number)
                authority.check_gifts(gifts_by(authority, session, held, Effect.ALLOW))
            before, found.disabled = found.disabled, bool(disabled)
            record_audit(
                session,
                "application.disable" if disabled else "application.enable",
                f"application:{found.id}",
                actor_id=actor_id,
                before={"disabled": before},
                after={"disabled": found.disabled},
                reason=reason,
            )
        return WriteReceipt(ids=(application_id,))
