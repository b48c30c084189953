"""Roles and overwrites of teams and programs, and the permissions from them."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from yoto.nodes import node_held_at
from yoto.permission.loading import load_sites
from yoto.permission.loading.rows import overwrites_of
from yoto.permission.rank.delegation import delegated_grants, merged, role_closure
from yoto.permission.rank.hierarchy import Authority, DelegatedGrants
from yoto.permission.rank.teams import teams_above
from yoto.permission.registry.scopes import GLOBAL, Place, place_of_text
from yoto.store.models import NOWHERE, ChannelOverwrite, Effect, Role, RoleAssignment


def held_by(session: Session, *whose: Any) -> list[tuple[Role, Place]]:
    """Roles and where they are held."""
    rows = (
        select(Role, RoleAssignment.node)
        .join(RoleAssignment, RoleAssignment.role_id == Role.id)
        .where(*whose)
    )
    return [
        (role, GLOBAL if node == NOWHERE else place_of_text(node_held_at(node)))
        for role, node in session.execute(rows)
    ]


def delegated_by(
    authority: Authority, session: Session, held: Iterable[tuple[Role, Place]], effect: Effect
) -> DelegatedGrants:
    """The permissions that roles held there allow (or, with the other effect, deny), by place."""
    return merged(
        *(
            delegated_grants(
                session, authority.registry, role_closure(session, role), effect, role.home, place
            )
            for role, place in held
        )
    )


def marks_by(
    authority: Authority, session: Session, effect: Effect, *whose: Any
) -> DelegatedGrants:
    """The permissions that overwrites allow, or deny."""
    mask_of = authority.registry.mask_of_id
    rows = overwrites_of(session, *whose, ChannelOverwrite.effect == effect)
    return merged(*({place_of_text(text): mask_of(one.permission_id)} for text, one in rows))


def of_teams(
    authority: Authority, session: Session, team_ids: Collection[int], effect: Effect
) -> tuple[list[tuple[Role, Place]], DelegatedGrants]:
    """The roles from team membership, and the permissions allowed or denied by it, by place."""
    every = teams_above(session, team_ids)
    held = held_by(session, RoleAssignment.team_id.in_(every))
    marks = marks_by(authority, session, effect, ChannelOverwrite.team_id.in_(every))
    return held, merged(delegated_by(authority, session, held, effect), marks)


def homes_of(
    session: Session, held: Iterable[tuple[Role, Place]], delegated: DelegatedGrants
) -> set[str]:
    """The hierarchies of roles and of rows at nodes, with that of the platform."""
    places = {place for place, mask in delegated.items() if mask}
    sites = load_sites(session.connection(), places).values()
    return {NOWHERE, *(role.home for role, _ in held), *(site.home or NOWHERE for site in sites)}
