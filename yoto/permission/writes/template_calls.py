"""Permission templates: which there are, and registering what they are made of."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from yoto.errors import ValidationFailed
from yoto.permission.outbox.receipt import WriteReceipt
from yoto.permission.people.keys import SubjectId, actor_number
from yoto.permission.state import get_state, get_state_in_maintenance
from yoto.permission.templates import CRUD, PermissionTemplate, meaningless
from yoto.permission.writes.registration import Registration
from yoto.store.models import ScopeType
from yoto.store.resources import known_types


class TemplateCalls(Registration):
    """The part of ``PermissionSystem`` about templates; shared arguments as in ``RoleWrites``.

    A template is code: each process adds its own at its start. What is stored is what applying one
    grants (``TemplateGrants``), by the same writes as grants one by one.

    Args:
        template: the name of one.
        level: the name of one of its levels.
        parameters: values for what it leaves open, by name.

    Raises:
        UnknownResource: no template has the name (field ``template``).
        ValidationFailed: an unknown level, or parameters that are missing, unknown or wrong (a
            field of the parameter's name each).
    """

    def list_templates(self) -> list[PermissionTemplate]:
        """All templates, by name."""
        return get_state().templates.all()

    def get_template(self, template: str) -> PermissionTemplate:
        """One template."""
        return get_state().templates.get(template)

    def register_template(self, template: PermissionTemplate) -> None:
        """Add a template to this process; the same one again changes nothing.

        Raises:
            ValidationFailed: another one has its name (field ``name``), or a permission is of a
                scope that the application does not have (field ``levels``).
        """
        # It asks no store, so that a process can start in maintenance, or without Redis.
        get_state_in_maintenance().templates.add(template)

    def register_from_template(
        self,
        template: str,
        parameters: Mapping[str, str] | None = None,
        *,
        actor_id: SubjectId | None = None,
        reason: str | None = None,
        commit: bool = True,
    ) -> WriteReceipt:
        """Register all permissions of a template; see ``batch_register_permissions``."""
        actor_id = actor_number(actor_id)
        specs = get_state().templates.get(template).highest(parameters).permissions
        return self.batch_register_permissions(
            specs, actor_id=actor_id, reason=reason or f"template {template}", commit=commit
        )

    def register_crud(
        self,
        resource: str,
        scope: str | None = None,
        *,
        abac: bool = False,
        actor_id: SubjectId | None = None,
        reason: str | None = None,
        commit: bool = True,
    ) -> WriteReceipt:
        """Register ``resource`` + ``.read``, ``.create``, ``.update``, ``.delete``, in this order.

        The group of all four is ``resource``. Roles are granted them by the template ``crud``.

        Args:
            resource: the beginning of their names, such as ``wiki.page``; at most 64 characters.
            scope: the narrowest in which they mean something; by default ``"channel"``, and
                ``"global"`` where there are no channels.
            abac: whether policies judge them, too.
        """
        actor_id = actor_number(actor_id)
        template = get_state().templates.get(CRUD.name)
        parameters = {"resource": resource} | ({} if scope is None else {"scope": scope})
        specs = [replace(spec, abac=abac) for spec in template.highest(parameters).permissions]
        return self.batch_register_permissions(
            specs, actor_id=actor_id, reason=reason or f"template {CRUD.name}", commit=commit
        )

    def overwrite_from_template(
        self,
        template: str,
        level: str,
        parameters: Mapping[str, str] | None = None,
        *,
        deny_beyond: bool = False,
        scope: str = ScopeType.CHANNEL,
    ) -> dict[str, list[str]]:
        """``allow`` and ``deny`` of an overwrite, for ``set_overwrite``.

        Args:
            deny_beyond: deny what the levels above have; else it is left to the rest.
            scope: the type of the node at which it is to stand.

        Raises:
            ValidationFailed: also for permissions that mean nothing at such a node (field
                ``level``), and for an unknown type (field ``scope``).
            UnknownPermission: one is not registered (field ``template``).
        """
        state, kind = get_state(), known_types().get(scope).name
        specs = state.templates.get(template).at(level, parameters)
        allow = [spec.name for spec in specs.permissions]
        lost = meaningless(state.registry.get_many(allow, "template"), kind)
        if lost:
            raise ValidationFailed({"level": f"mean nothing in a {kind}: {', '.join(lost)}"})
        deny = [spec.name for spec in specs.beyond] if deny_beyond else []
        lost = meaningless(state.registry.get_many(deny, "template"), kind)
        return {"allow": allow, "deny": [name for name in deny if name not in lost]}
