"""Further roles that a role inherits from."""

from __future__ import annotations

from yoto.errors import ValidationFailed
from yoto.permission.loading.finding import require_role
from yoto.permission.outbox.receipt import WriteReceipt
from yoto.permission.people.keys import SubjectId
from yoto.permission.rank.gifts import gifts_of, lineage, parents_of
from yoto.permission.rank.losses import sparing
from yoto.permission.registry.scopes import checked_id
from yoto.permission.writes.acting import acting
from yoto.permission.writes.role_rules import checked_parent, wait_for_others
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
        with acting(actor_id, reason, commit, roles=[role_id]) as act:
            wait_for_others(act.session, role_id, begin_anew=commit)
            role = require_role(act.session, role_id)
            parent = checked_parent(act.session, parent_id, role.home, role)
            assert parent is not None
            if parent in parents_of(act.session, role):
                raise ValidationFailed({"parent_id": "is a parent already"})
            act.authority.check_role(role)
            for asleep in (False, True):
                ancestors = lineage(act.session, parent, asleep=asleep)
                gifts = gifts_of(act.session, act.registry, ancestors, Effect.ALLOW, role.home)
                act.authority.check_gifts(gifts)
            act.authority.check_giving(role.home, lineage(act.session, parent))
            with sparing(act.authority, role.home, [role.id]):
                act.session.add(RoleParent(role_id=role.id, parent_id=parent.id))
            act.record("role.update", role, None, {"parent_id": parent.id})
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
        with acting(actor_id, reason, commit, roles=[role_id]) as act:
            role = require_role(act.session, role_id)
            row = act.session.get(RoleParent, (role.id, checked_id(parent_id, "parent_id")))
            if row is None:
                raise ValidationFailed({"parent_id": "is no further parent of the role"})
            act.authority.check_role(role)
            parent = act.session.get(Role, parent_id)
            for asleep in (False, True):
                ancestors = lineage(act.session, parent, asleep=asleep)
                gifts = gifts_of(act.session, act.registry, ancestors, Effect.DENY, role.home)
                act.authority.check_gifts(gifts)
            with sparing(act.authority, role.home, [role.id]):
                act.session.delete(row)
            act.record("role.update", role, {"parent_id": parent_id}, None)
        return WriteReceipt(ids=(role_id,))
