"""Permissions of the current application; see ``PermissionSystem`` for each."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from yoto.permission import PermissionSystem

# It holds nothing: what it is asked, it asks the current application.
_permissions = PermissionSystem()

check_permission = _permissions.check_permission
batch_check_permissions = _permissions.batch_check_permissions
check_many = _permissions.check_many
decide = _permissions.decide
explain = _permissions.explain
list_resources = _permissions.list_resources
list_users = _permissions.list_users
visible = _permissions.visible

register_permission = _permissions.register_permission
batch_register_permissions = _permissions.batch_register_permissions
register_role = _permissions.register_role
batch_register_roles = _permissions.batch_register_roles
update_role = _permissions.update_role
delete_role = _permissions.delete_role
register_group = _permissions.register_group
delete_group = _permissions.delete_group
assign_permission_to_group = _permissions.assign_permission_to_group
remove_permission_from_group = _permissions.remove_permission_from_group
assign_group_to_role = _permissions.assign_group_to_role
remove_group_from_role = _permissions.remove_group_from_role
assign_permissions_to_role = _permissions.assign_permissions_to_role
revoke_permissions_from_role = _permissions.revoke_permissions_from_role
assign_roles_to_user = _permissions.assign_roles_to_user
revoke_roles_from_user = _permissions.revoke_roles_from_user
assign = _permissions.assign
unassign = _permissions.unassign
holders = _permissions.holders
nodes_with = _permissions.nodes_with
list_sets = _permissions.list_sets
create_team = _permissions.create_team
delete_team = _permissions.delete_team
add_team_members = _permissions.add_team_members
remove_team_members = _permissions.remove_team_members
team_members = _permissions.team_members
add_team_parent = _permissions.add_team_parent
remove_team_parent = _permissions.remove_team_parent
register_application = _permissions.register_application
set_application_disabled = _permissions.set_application_disabled
add_role_parent = _permissions.add_role_parent
remove_role_parent = _permissions.remove_role_parent
put_resource = _permissions.put_resource
delete_resource = _permissions.delete_resource
set_overwrite = _permissions.set_overwrite
clear_overwrite = _permissions.clear_overwrite
get_permission_registry_stats = _permissions.get_permission_registry_stats
list_registered_permissions = _permissions.list_registered_permissions
list_registered_roles = _permissions.list_registered_roles
list_registered_groups = _permissions.list_registered_groups

people_changed = _permissions.people_changed
roles_changed = _permissions.roles_changed
invalidate_user_cache = _permissions.invalidate_user_cache
invalidate_role_cache = _permissions.invalidate_role_cache
invalidate_all = _permissions.invalidate_all
is_maintenance_mode_enabled = _permissions.is_maintenance_mode_enabled
set_maintenance_mode = _permissions.set_maintenance_mode
get_system_stats = _permissions.get_system_stats


def get_optimization_suggestions() -> list[Any]:
    """Suggestions of the room ``tuner`` from measurements of all workers, the surest first.

    Raises:
        AttributeError: the room is off.
        RuntimeError: there is no app context.
        StoreUnavailable: the measurements, or the settings in force, are unavailable.
    """
    found: list[Any] = _permissions.tuner.suggestions()
    return found


def warm_up(
    background: bool = False, progress: Callable[[str, int, int], None] | None = None
) -> Any:
    """Warm up, by the room ``warm_up``; see its ``Warming.run``.

    Raises:
        AttributeError: the room is off, or there is no app context.
        AlreadyRunning: a warm-up is running in this process.
    """
    return _permissions.warm_up.run(background, progress)
