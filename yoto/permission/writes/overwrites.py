"""Writes of overwrites: changes to roles, people and teams at one node."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from contextlib import ExitStack
from typing import Any, NamedTuple, Unpack

from sqlalchemy import select
from sqlalchemy.orm import Session

from yoto.cache import NodeId
from yoto.errors import ValidationFailed
from yoto.permission.loading.finding import checked_node, require_role, site_in
from yoto.permission.loading.sites import Site
from yoto.permission.outbox.positions import WriteReceipt
from yoto.permission.people.kinds import Application, Team
from yoto.permission.people.numbers import SubjectId
from yoto.permission.people.subjects import holder_of
from yoto.permission.rank.losses import sparing
from yoto.permission.rank.not_below import check_none_above, check_none_above_at
from yoto.permission.rank.ranking import OWNER_RANK
from yoto.permission.rank.teams import members_of_teams
from yoto.permission.registry.registry import RegisteredPermission
from yoto.permission.registry.scopes import Place, words_of
from yoto.permission.state import get_state
from yoto.permission.verdict.verdict import ROLE_TOO_HIGH
from yoto.permission.writes.acting import WriteOptions, acting
from yoto.permission.writes.grants import mask_of, refuse_denial, refuse_global
from yoto.store.models import NOWHERE, ChannelOverwrite, Effect, Role, ScopeType
from yoto.store.resources import known_types

CHANGED_MEANWHILE = {"allow": "somebody else changed the overwrite meanwhile"}


class OverwriteWrites:
    """Overwrites; shared arguments as in ``Writes``.

    Args:
        at: the node, type and id; ``channel_id`` is short for a channel.
        role_id, user_id, team_id: its target; exactly one. A role of the node's home, or a
            global one; a person, or an application.
    """

    def set_overwrite(
        self,
        channel_id: int | None = None,
        role_id: int | None = None,
        user_id: SubjectId | Application | None = None,
        allow: Iterable[str] = (),
        deny: Iterable[str] = (),
        *,
        at: tuple[str, NodeId] | None = None,
        team_id: int | None = None,
        **options: Unpack[WriteOptions],
    ) -> WriteReceipt:
        """Make these the target's only overwrites in the place; others are removed.

        Raises:
            ValidationFailed: also for a name in both lists, and for permissions of scope global.
        """
        registry = get_state().registry
        wanted: dict[RegisteredPermission, Effect] = {}
        for field, names, effect in (
            ("allow", allow, Effect.ALLOW),
            ("deny", deny, Effect.DENY),
        ):
            for permission in dict.fromkeys(registry.get_many(names, field)):
                if permission in wanted:
                    raise ValidationFailed({field: f"'{permission.name}' is allowed, too"})
                wanted[permission] = effect
            refuse_global((p for p in wanted if wanted[p] is effect), field)
        refuse_denial((p for p in wanted if wanted[p] is Effect.DENY), "deny")
        return _replace(
            _node(at, channel_id),
            {"role_id": role_id, "user_id": user_id, "team_id": team_id},
            wanted,
            options,
        )

    def clear_overwrite(
        self,
        channel_id: int | None = None,
        role_id: int | None = None,
        user_id: SubjectId | Application | None = None,
        *,
        at: tuple[str, NodeId] | None = None,
        team_id: int | None = None,
        **options: Unpack[WriteOptions],
    ) -> WriteReceipt:
        """Remove all overwrites of the target in the place.

        Raises:
            ValidationFailed: also if there are none (field ``role_id`` or ``user_id``).
        """
        return _replace(
            _node(at, channel_id),
            {"role_id": role_id, "user_id": user_id, "team_id": team_id},
            None,
            options,
        )


class Target(NamedTuple):
    """The target of an overwrite: ``kind`` is role, user or team."""

    kind: str
    id: int
    role: Role | None = None


def _replace(
    node: tuple[str, tuple[str, NodeId]],
    target_ids: Mapping[str, Any],
    wanted: dict[RegisteredPermission, Effect] | None,
    options: WriteOptions,
) -> WriteReceipt:
    """Bring the stored overwrites to ``wanted``; None removes all, and requires some."""
    with acting(options, CHANGED_MEANWHILE) as act:
        site = _site(act.session, *node)
        place, home = str(site.place), site.home or NOWHERE
        target = _target(act.session, target_ids, home if wanted is not None else None)
        stored = _stored(act.session, place, target)
        if wanted is None and not stored:
            raise ValidationFailed({f"{target.kind}_id": "has no overwrite there"})
        wanted = wanted or {}

        known = act.registry.by_ids(stored)
        before = {known[row.permission_id]: row.effect for row in stored.values()}
        # The owner of a node has no rights at other nodes that take its overwrites.
        stands = act.authority.stands_at(site.place, None) and not _lends(act.session, site.place)
        at = None if stands else site.place
        if target.role is None:
            concerned = _concerned(act.session, target)
            if stands:
                check_none_above_at(act.authority, site.place, concerned, ROLE_TOO_HIGH)
            check_none_above(
                act.authority,
                [home],
                concerned,
                or_equal=not stands,
                reason=ROLE_TOO_HIGH,
                at=at,
            )
        elif not stands:
            act.authority.check_role(target.role, home, at)
        enlarged = [
            p
            for p in before | wanted
            if before.get(p) != wanted.get(p)
            and (wanted.get(p) is Effect.ALLOW or before.get(p) is Effect.DENY)
        ]
        act.authority.check_delegation({site.place: mask_of(enlarged)})

        # A named user is below the actor already; a role may have a holder who is not.
        changed_roles = [target.id] if target.role is not None and before != wanted else []
        homes = [home]
        if target.role is not None and act.authority.rank(home) < OWNER_RANK:
            homes.append(target.role.home)
        with ExitStack() as judged:
            for one in dict.fromkeys(homes):
                judged.enter_context(sparing(act.authority, one, changed_roles, at))
            for permission, effect in wanted.items():
                row = stored.get(permission.id)
                if row is None:
                    row = _new_row(place, target, permission)
                    act.session.add(row)
                row.effect = effect
            for permission_id, row in stored.items():
                if known[permission_id] not in wanted:
                    act.session.delete(row)
        if before != wanted:
            action = "overwrite.set" if wanted else "overwrite.clear"
            was, now = ({target.kind: target.id} | _shown(one) for one in (before, wanted))
            act.record(action, place, was, now, home)
        act.session.flush()
        ids = tuple(row.id for row in _stored(act.session, place, target).values())
    return WriteReceipt(ids=ids)


def _node(at: tuple[str, NodeId] | None, channel_id: int | None) -> tuple[str, tuple[str, NodeId]]:
    """The field that names the node of an overwrite, and the node."""
    if (at is None) == (channel_id is None):
        raise ValidationFailed({"at": "give either at or channel_id"})
    if channel_id is not None:
        return "channel_id", (ScopeType.CHANNEL.value, channel_id)
    assert at is not None
    return "at", at


def _site(session: Session, field: str, node: tuple[str, NodeId]) -> Site:
    """The node of an overwrite: it must be below the home, with its own overwrites in force."""
    site = site_in(session, checked_node(node, field), field)
    if not site.levels:
        raise ValidationFailed({field: "people belong here: grant, or deny, in its scope"})
    if site.overwritten[-1] != str(site.place):
        # It would be stored and never read: the other's overwrites are in force.
        kind = site.overwritten[-1].partition(":")[0]
        raise ValidationFailed({field: f"is in sync with its {kind}"})
    return site


def _lends(session: Session, place: Place) -> bool:
    """Whether some node takes the overwrites of this one in place of its own."""
    in_sync = (
        select(declared.id).where(declared.sync.id == place.id).limit(1)
        for declared in known_types()
        if declared.sync is not None and declared.sync.type == place.kind
    )
    return any(session.scalar(one) is not None for one in in_sync)


def _target(session: Session, ids: Mapping[str, Any], home: str | None) -> Target:
    """The target that the ids name.

    Args:
        home: home of the node, which must be the role's; None: a removal, with any role.
    """
    given = {name: value for name, value in ids.items() if value is not None}
    if len(given) != 1:
        raise ValidationFailed({"role_id": "give either role_id or user_id"})
    [(name, value)] = given.items()
    if name == "role_id":
        role = require_role(session, value, default_too=True)
        if home is not None and role.home not in (NOWHERE, home):
            raise ValidationFailed({"role_id": f"is a role of {words_of(role.home)}"})
        return Target("role", role.id, role)
    holder = holder_of(session, Team(value) if name == "team_id" else value, name)
    if name == "team_id":
        assert holder.team_id is not None
        return Target("team", holder.team_id)
    if holder.user_id is None:
        raise ValidationFailed({"user_id": "must be a person, or an application"})
    return Target("user", holder.user_id)


def _concerned(session: Session, target: Target) -> Collection[int]:
    """The people that an overwrite names, or the members of the team."""
    return {target.id} if target.kind == "user" else members_of_teams(session, [target.id])


def _stored(session: Session, place: str, target: Target) -> dict[int, ChannelOverwrite]:
    column = getattr(ChannelOverwrite, f"{target.kind}_id")
    found = session.scalars(
        select(ChannelOverwrite).where(ChannelOverwrite.place == place, column == target.id)
    )
    return {row.permission_id: row for row in found}


def _new_row(place: str, target: Target, permission: RegisteredPermission) -> ChannelOverwrite:
    return ChannelOverwrite(
        place=place, permission_id=permission.id, **{f"{target.kind}_id": target.id}
    )


def _shown(effects: dict[RegisteredPermission, Effect]) -> dict[str, Any]:
    return {
        effect.value: sorted(p.name for p, e in effects.items() if e is effect) for effect in Effect
    }
