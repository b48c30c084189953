"""Further roles that a role inherits from."""

from __future__ import annotations

from yoto.errors import ValidationFailed
from yoto.permission.administrators import keeping_by_roles
from yoto.permission.audit import record_write
from yoto.permission.gifts import gifts_of, lineage, parents_of
from yoto.permission.hierarchy import Authority
from yoto.permission.keys import SubjectId, actor_number
from yoto.permission.losses import sparing
from yoto.permission.receipt import WriteReceipt
from yoto.permission.role_rules import checked_parent, wait_for_others
from yoto.permission.rows import require_role
from yoto.permission.scopes import checked_id
from yoto.permission.state import get_state
from yoto.permission.transactions import write
from yoto.store.models import Effect, Role, RoleParent


class RoleParentWrites:
    """The part of ``PermissionSystem`` about further parents; arguments as in ``RoleWrites``."""

    def add_role_parent(
        self,
        role_id: int,
        parent_id: int,
        *,
        actor_id: SubjectId | None = None,
        reason: str | None = None,
        commit: bool = True,
    ) -> WriteReceipt:
        """Let a role inherit from one more; the first is ``parent`` of ``update_role``."""
        actor_id = actor_number(actor_id)
        state = get_state()
        with (
            write(commit) as session,
            keeping_by_roles(session, [role_id], "role_id", begin_anew=commit),
        ):
            wait_for_others(session, role_id, begin_anew=commit)
            role = require_role(session, role_id)
            parent = checked_parent(session, parent_id, role.home, role)
            assert parent is not None
            if parent in parents_of(session, role):
                raise ValidationFailed({"parent_id": "is a parent already"})
            authority = Authority(state, session, actor_id)
            authority.check_role(role)
            for asleep in (False, True):
                ancestors = lineage(session, parent, asleep=asleep)
                gifts = gifts_of(session, state.registry, ancestors, Effect.ALLOW, role.home)
                authority.check_gifts(gifts)
            authority.check_giving(role.home, lineage(session, parent))
            with sparing(authority, role.home, [role.id]):
                session.add(RoleParent(role_id=role.id, parent_id=parent.id))
            record_write(authority, "role.update", role, None, {"parent_id": parent.id}, reason)
        return WriteReceipt(ids=(role_id,))

    def remove_role_parent(
        self,
        role_id: int,
        parent_id: int,
        *,
        actor_id: SubjectId | None = None,
        reason: str | None = None,
        commit: bool = True,
    ) -> WriteReceipt:
        """Let a role no longer inherit from one that ``add_role_parent`` gave it."""
        actor_id = actor_number(actor_id)
        state = get_state()
        with (
            write(commit) as session,
            keeping_by_roles(session, [role_id], "role_id", begin_anew=commit),
        ):
            role = require_role(session, role_id)
            row = session.get(RoleParent, (role.id, checked_id(parent_id, "parent_id")))
            if row is None:
                raise ValidationFailed({"parent_id": "is no further parent of the role"})
            authority = Authority(state, session, actor_id)
            authority.check_role(role)
            parent = session.get(Role, parent_id)
            for asleep in (False, True):
                ancestors = lineage(session, parent, asleep=asleep)
                gifts = gifts_of(session, state.registry, ancestors, Effect.DENY, role.home)
                authority.check_gifts(gifts)
            with sparing(authority, role.home, [role.id]):
                session.delete(row)
            record_write(authority, "role.update", role, {"parent_id": parent_id}, None, reason)
        return WriteReceipt(ids=(role_id,))
