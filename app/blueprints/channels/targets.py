"""Overwrites as they are read: by target, with the names of the permissions."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

from sqlalchemy import select

from yoto.store.db import db
from yoto.store.models import ChannelOverwrite, Effect, Permission

ROLE, USER = "role", "user"


class Target(NamedTuple):
    """The target of an overwrite: ``role`` or ``user``, and the id."""

    kind: str
    id: int

    def ids(self) -> dict[str, Any]:
        """The target as an argument of the permission system's writes."""
        return {f"{self.kind}_id": self.id}


@dataclass(frozen=True, slots=True)
class Overwrite:
    """All overwrites of one target in one place, by the names of the permissions."""

    target: Target
    allow: frozenset[str] = frozenset()
    deny: frozenset[str] = frozenset()

    @property
    def target_type(self) -> str:
        return self.target.kind

    @property
    def target_id(self) -> int:
        return self.target.id


def overwrites_in(
    *, channel_id: int | None = None, category_id: int | None = None
) -> list[Overwrite]:
    """The overwrites that a channel or a category has of its own, roles first, by id."""
    statement = select(
        ChannelOverwrite.role_id,
        ChannelOverwrite.user_id,
        ChannelOverwrite.effect,
        Permission.name,
    ).join(Permission, Permission.id == ChannelOverwrite.permission_id)
    if channel_id is not None:
        statement = statement.where(ChannelOverwrite.channel_id == channel_id)
    else:
        statement = statement.where(ChannelOverwrite.category_id == category_id)
    names: dict[Target, dict[Effect, list[str]]] = {}
    for role_id, user_id, effect, name in db.session.execute(statement):
        target = Target(USER, user_id) if role_id is None else Target(ROLE, role_id)
        names.setdefault(target, {kind: [] for kind in Effect})[effect].append(name)
    return [
        Overwrite(target, frozenset(found[Effect.ALLOW]), frozenset(found[Effect.DENY]))
        for target, found in sorted(names.items())
    ]
