"""What somebody gains with a role, place by place, so that the hierarchy can judge it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from yoto.permission.hierarchy import Gifts
from yoto.permission.registry import PermissionRegistry
from yoto.permission.scopes import CATEGORY, GLOBAL, Place
from yoto.store.models import (
    Category,
    Channel,
    ChannelOverwrite,
    Effect,
    PermissionGroupMember,
    Role,
    RoleGrant,
    RoleGroupGrant,
    ScopeType,
)


def grant_place(home: int | None, server_id: int | None, channel_id: int | None) -> Place:
    """Where a grant counts; ``home`` is the server of the role that is held, None if global."""
    if channel_id is not None:
        return Place(ScopeType.CHANNEL.value, channel_id)
    server_id = server_id or home
    return GLOBAL if server_id is None else Place(ScopeType.SERVER.value, server_id)


def lineage(session: Session, role: Role | None, *, asleep: bool = True) -> list[Role]:
    """``role`` and the ancestors that it inherits from.

    Args:
        asleep: those too that are inactive, or inherited through one that is: somebody may wake
            them. Else it ends at the first such role.
    """
    found: list[Role] = []
    while role is not None and (role.active or asleep) and role not in found:
        if found and (role.is_default or not may_inherit(found[-1].server_id, role.server_id)):
            break
        found.append(role)
        role = session.get(Role, role.parent_id) if role.parent_id and not role.is_default else None
    return found


def may_inherit(child_server_id: int | None, parent_server_id: int | None) -> bool:
    """A role inherits from global roles, and a server's role from those of the same server."""
    return parent_server_id is None or parent_server_id == child_server_id


def gifts_of(
    session: Session,
    registry: PermissionRegistry,
    roles: Iterable[Role],
    effect: Effect,
    home: int | None,
) -> Gifts:
    """What ``roles`` together allow (or, with the other effect, deny) to a holder.

    With effect deny these are the permissions that a holder may regain by losing the roles.

    Args:
        home: the server in which the roles are held; None: global roles, held everywhere.
    """
    ids = [role.id for role in roles]
    gifts: defaultdict[Place, int] = defaultdict(int)
    if not ids:
        return gifts

    direct = (
        select(RoleGrant.permission_id, RoleGrant.server_id, RoleGrant.channel_id)
        .add_columns(Channel.server_id)
        .outerjoin(Channel, Channel.id == RoleGrant.channel_id)
        .where(RoleGrant.role_id.in_(ids), RoleGrant.effect == effect)
    )
    grouped = (
        select(
            PermissionGroupMember.permission_id, RoleGroupGrant.server_id, RoleGroupGrant.channel_id
        )
        .add_columns(Channel.server_id)
        .join(PermissionGroupMember, PermissionGroupMember.group_id == RoleGroupGrant.group_id)
        .outerjoin(Channel, Channel.id == RoleGroupGrant.channel_id)
        .where(RoleGroupGrant.role_id.in_(ids), RoleGroupGrant.effect == effect)
    )
    for statement in (direct, grouped):
        for permission_id, server_id, channel_id, server_of_channel in session.execute(statement):
            if home in (None, server_id or server_of_channel or home):
                place = grant_place(home, server_id, channel_id)
                gifts[place] |= registry.mask_of_id(permission_id)

    server_of = func.coalesce(Channel.server_id, Category.server_id)
    overwrites = (
        select(
            ChannelOverwrite.permission_id,
            ChannelOverwrite.channel_id,
            ChannelOverwrite.category_id,
            server_of,
        )
        .outerjoin(Channel, Channel.id == ChannelOverwrite.channel_id)
        .outerjoin(Category, Category.id == ChannelOverwrite.category_id)
        .where(ChannelOverwrite.role_id.in_(ids), ChannelOverwrite.effect == effect)
    )
    for permission_id, channel_id, category_id, server_id in session.execute(overwrites):
        if home in (None, server_id):
            gifts[overwrite_place(channel_id, category_id)] |= registry.mask_of_id(permission_id)
    return gifts


def overwrite_place(channel_id: int | None, category_id: int | None) -> Place:
    """The place of an overwrite."""
    if channel_id is not None:
        return Place(ScopeType.CHANNEL.value, channel_id)
    return Place(CATEGORY, category_id)


def merged(*parts: Gifts) -> Gifts:
    """All of ``parts`` together."""
    total: defaultdict[Place, int] = defaultdict(int)
    for part in parts:
        for place, mask in part.items():
            total[place] |= mask
    return total
