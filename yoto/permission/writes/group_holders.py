"""The roles that a permission group is granted to: changes of the group are changes of them."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from contextlib import ExitStack, contextmanager

from sqlalchemy import select
from sqlalchemy.orm import Session

from yoto.permission.rank.delegation import grant_place, merged
from yoto.permission.rank.hierarchy import Authority, DelegatedGrants
from yoto.permission.rank.losses import by_home, sparing
from yoto.permission.registry.registry import RegisteredPermission
from yoto.permission.writes.grants import refuse_denial
from yoto.store.models import NOWHERE, Effect, Role, RoleGroupGrant


def spread(session: Session, group_id: int, effect: Effect, mask: int) -> DelegatedGrants:
    """``mask`` in each place where the group is granted with ``effect``."""
    grants = session.execute(
        select(Role.home, RoleGroupGrant.scope_key)
        .join(Role, Role.id == RoleGroupGrant.role_id)
        .where(RoleGroupGrant.group_id == group_id, RoleGroupGrant.effect == effect)
        .distinct()
    )
    return merged(*({grant_place(home, scope): mask} for home, scope in grants))


def granted_locally(session: Session, group_id: int) -> bool:
    """Whether the group is granted to a server's role, or in a scope below global."""
    local = (
        select(RoleGroupGrant.id)
        .join(Role, Role.id == RoleGroupGrant.role_id)
        .where(
            RoleGroupGrant.group_id == group_id,
            (Role.home != NOWHERE) | (RoleGroupGrant.scope_key != "global"),
        )
        .limit(1)
    )
    return session.scalar(local) is not None


def check_holders(
    authority: Authority, group_id: int, adding: Collection[RegisteredPermission] = ()
) -> list[Role]:
    """The roles that the group is granted to, which the actor must be above.

    Args:
        adding: permissions to add, also to the denials of roles that are denied the group.

    Raises:
        PermissionDenied: one of them stands too high, or is a default role that is denied it.
        ValidationFailed: field ``names``: a permission that cannot be denied would be.
    """
    granted = (
        select(Role, RoleGroupGrant.effect)
        .join(RoleGroupGrant, RoleGroupGrant.role_id == Role.id)
        .where(RoleGroupGrant.group_id == group_id)
        .order_by(Role.position.desc(), Role.id)
    )
    if authority.unbounded:
        # Other actors are stopped by the first role that they are not above; these could read all.
        granted = granted.where(RoleGroupGrant.effect == Effect.DENY).limit(1)
    roles: dict[int, Role] = {}
    for role, effect in authority.session.execute(granted):
        authority.check_role(role)
        roles[role.id] = role
        if adding and effect is Effect.DENY:
            refuse_denial(adding, "names")
            authority.check_default_denial(role)
    return list(roles.values())


@contextmanager
def sparing_holders(authority: Authority, roles: Iterable[Role]) -> Iterator[None]:
    """``sparing`` in each hierarchy that one of ``roles`` belongs to."""
    with ExitStack() as stack:
        for home, role_ids in by_home(roles).items():
            stack.enter_context(sparing(authority, home, role_ids))
        yield
