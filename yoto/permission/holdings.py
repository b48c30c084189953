"""What teams, people or programs hold, and what that gives."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from yoto.permission.gifts import gifts_of, lineage, merged
from yoto.permission.hierarchy import Authority, Gifts
from yoto.permission.scopes import GLOBAL, Place, place_of_text
from yoto.permission.teams import teams_above
from yoto.store.models import NOWHERE, ChannelOverwrite, Effect, Role, RoleAssignment


def held_by(session: Session, *whose: Any) -> list[tuple[Role, Place]]:
    """Roles and where they are held."""
    rows = (
        select(Role, RoleAssignment.node)
        .join(RoleAssignment, RoleAssignment.role_id == Role.id)
        .where(*whose)
    )
    return [
        (role, GLOBAL if node == NOWHERE else place_of_text(node))
        for role, node in session.execute(rows)
    ]


def gifts_by(
    authority: Authority, session: Session, held: Iterable[tuple[Role, Place]], effect: Effect
) -> Gifts:
    return merged(
        *(
            gifts_of(session, authority.registry, lineage(session, role), effect, role.home, place)
            for role, place in held
        )
    )


def of_teams(
    authority: Authority, session: Session, team_ids: Collection[int], effect: Effect
) -> tuple[list[tuple[Role, Place]], Gifts]:
    """What being in teams gives, or denies: roles, and all of it by place."""
    every = teams_above(session, team_ids)
    held = held_by(session, RoleAssignment.team_id.in_(every))
    rows = select(ChannelOverwrite.place, ChannelOverwrite.permission_id).where(
        ChannelOverwrite.team_id.in_(every), ChannelOverwrite.effect == effect
    )
    marks = [
        {place_of_text(text): authority.registry.mask_of_id(permission_id)}
        for text, permission_id in session.execute(rows)
    ]
    return held, merged(gifts_by(authority, session, held, effect), *marks)
