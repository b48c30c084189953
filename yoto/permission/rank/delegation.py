"""The permissions that a holder gains with a role, by place, for the checks of the hierarchy."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

from sqlalchemy import select
from sqlalchemy.orm import Session

from yoto.permission.loading.rights import Grant, Mark
from yoto.permission.loading.rows import grants_of, overwrites_of
from yoto.permission.loading.sites import Site, load_sites
from yoto.permission.rank.hierarchy import DelegatedGrants
from yoto.permission.rank.role_snapshot import may_inherit
from yoto.permission.registry.registry import PermissionRegistry
from yoto.permission.registry.scopes import GLOBAL, Place, place_of_text
from yoto.store.models import NOWHERE, ChannelOverwrite, Effect, Role, RoleParent


def grant_place(home: str, scope: str) -> Place:
    """The place where a grant counts; ``home`` is that of the held role, empty if global."""
    place = place_of_text(scope)
    return place_of_text(home) if place == GLOBAL and home != NOWHERE else place


def role_closure(session: Session, role: Role | None, *, asleep: bool = True) -> list[Role]:
    """``role`` and the ancestors that it inherits from.

    Args:
        asleep: include roles that are inactive, or inherited through an inactive one: they may be
            activated later. Else the closure ends at the first such role.
    """
    found: list[Role] = []
    newest = [] if role is None else [(role, role)]
    while newest:
        reached = []
        for current, child in newest:
            if current in found or not (current.active or asleep):
                continue
            if current is not child and (
                current.is_default or not may_inherit(child.home, current.home)
            ):
                continue
            found.append(current)
            if not current.is_default:
                reached += [(parent, current) for parent in parents_of(session, current)]
        newest = reached
    return found


def parents_of(session: Session, role: Role) -> list[Role]:
    """The roles that a role inherits from directly."""
    others = select(RoleParent.parent_id).where(RoleParent.role_id == role.id)
    ids = [role.parent_id, *session.scalars(others.order_by(RoleParent.parent_id))]
    found = (session.get(Role, role_id) for role_id in ids if role_id is not None)
    return [one for one in found if one is not None]


def delegated_grants(
    session: Session,
    registry: PermissionRegistry,
    roles: Iterable[Role],
    effect: Effect,
    home: str,
    at: Place | None = None,
) -> DelegatedGrants:
    """The permissions that ``roles`` together allow (or, with the other effect, deny) to a holder.

    With effect deny these are the permissions that a holder may regain by losing the roles.

    Args:
        home: the node that the roles belong to; empty: global roles, held everywhere.
        at: the node at which they are held; None: wherever they count.
    """
    ids = [role.id for role in roles]
    delegated: defaultdict[Place, int] = defaultdict(int)
    if not ids:
        return delegated
    mark = ChannelOverwrite
    rows: list[tuple[str, Grant | Mark]] = [
        *grants_of(session, lambda of: of.role_id.in_(ids) & (of.effect == effect)),
        *overwrites_of(session, mark.role_id.in_(ids), mark.effect == effect),
    ]
    found = [
        (grant_place(home, text), registry.mask_of_id(one.permission_id)) for text, one in rows
    ]
    sites = load_sites(session.connection(), {place for place, _ in found} | {at or GLOBAL})
    here = sites.get(at or GLOBAL)
    for place, mask in found:
        counted = _counted(place, sites.get(place), home, here)
        if counted is not None:
            delegated[counted] |= mask
    return delegated


def _counted(place: Place, site: Site | None, home: str, here: Site | None) -> Place | None:
    """The place where a grant at ``place`` counts; None: nowhere."""
    if site is None or (home != NOWHERE and place != GLOBAL and site.home not in (home, None)):
        return None
    if here is None or here.place == GLOBAL:
        return place
    if str(here.place) in site.nodes:
        return place  # there, or below
    # Above, or everywhere: it takes effect where the role is held.
    return here.place if place == GLOBAL or str(place) in here.nodes else None


def merged(*parts: DelegatedGrants) -> DelegatedGrants:
    """All of ``parts`` together."""
    total: defaultdict[Place, int] = defaultdict(int)
    for part in parts:
        for place, mask in part.items():
            total[place] |= mask
    return total
