"""Teams and who is in them, applications, further parents of roles, and registered resources."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from yoto.cache import NodeId
from yoto.errors import PermissionDenied, UnknownResource, ValidationFailed
from yoto.nodes import APPLICATIONS
from yoto.permission.administrators import keeping_by_roles
from yoto.permission.assignment_writes import check_window
from yoto.permission.audit import record_audit
from yoto.permission.gifts import gifts_of, lineage, merged, parents_of
from yoto.permission.hierarchy import Authority, Gifts
from yoto.permission.keys import SubjectId, actor_number
from yoto.permission.loading import load_sites
from yoto.permission.losses import sparing
from yoto.permission.receipt import WriteReceipt
from yoto.permission.role_rules import NAME_TAKEN, checked_label, checked_parent
from yoto.permission.role_snapshot import members_of_teams, teams_above
from yoto.permission.rows import checked_node, require_role, site_in
from yoto.permission.scopes import GLOBAL, Place, checked_id, place_of_text
from yoto.permission.state import get_state
from yoto.permission.subjects import Subject, holder_of
from yoto.permission.transactions import write
from yoto.permission.verdict import OUTRANKED, Decision
from yoto.store.models import (
    NOWHERE,
    ChannelOverwrite,
    Effect,
    ProgramAccount,
    Resource,
    Role,
    RoleAssignment,
    RoleParent,
    Team,
    TeamMember,
    TeamParent,
)
from yoto.store.resources import ResourceType, known_types

NAME_LENGTH = 100
# Teams and roles stand no deeper below each other: what nobody could follow any more.
MOST_DEEP = 32


class TeamWrites:
    """The part of ``PermissionSystem`` about teams; shared arguments as in ``RoleWrites``."""

    def create_team(
        self,
        name: str,
        *,
        actor_id: SubjectId | None = None,
        reason: str | None = None,
        commit: bool = True,
    ) -> WriteReceipt:
        """Make a team that nobody is in; the receipt has its id."""
        actor_id = actor_number(actor_id)
        state = get_state()
        with write(commit, NAME_TAKEN) as session:
            Authority(state, session, actor_id)
            team = Team(name=checked_label(name, NAME_LENGTH))
            session.add(team)
            session.flush()
            _audit(session, "team.create", team.id, actor_id, None, {"name": team.name}, reason)
        return WriteReceipt(ids=(team.id,))

    def delete_team(
        self,
        team_id: int,
        *,
        actor_id: SubjectId | None = None,
        reason: str | None = None,
        commit: bool = True,
    ) -> WriteReceipt:
        """Delete a team with what it holds; those who were in it lose that."""
        actor_id = actor_number(actor_id)
        state = get_state()
        with write(commit) as session:
            team = _team(session, team_id)
            authority = Authority(state, session, actor_id)
            _check_taking(authority, session, [team.id], members_of_teams(session, [team.id]))
            _audit(session, "team.delete", team.id, actor_id, {"name": team.name}, None, reason)
            session.delete(team)
        return WriteReceipt(ids=(team_id,))

    def add_team_members(
        self,
        team_id: int,
        members: Iterable[Subject],
        valid_from: datetime | None = None,
        valid_until: datetime | None = None,
        *,
        actor_id: SubjectId | None = None,
        reason: str | None = None,
        commit: bool = True,
    ) -> WriteReceipt:
        """Let people and applications be in a team; who is in it already gets the new window."""
        actor_id = actor_number(actor_id)
        state = get_state()
        check_window(valid_from, valid_until, datetime.fromtimestamp(state.clock(), UTC))
        with write(commit) as session:
            team = _team(session, team_id)
            numbers = _members(session, members)
            authority = Authority(state, session, actor_id)
            until = None if valid_until is None else valid_until.timestamp()
            _check_giving(authority, session, [team.id], numbers, until)
            stored = _stored(session, team.id, numbers)
            if stored:
                _check_taking(authority, session, [team.id], set(stored))
            for number in numbers:
                row = stored.get(number) or TeamMember(team_id=team.id, user_id=number)
                row.valid_from, row.valid_until = valid_from, valid_until
                session.add(row)
            after = {
                "members": numbers,
                "valid_from": valid_from.isoformat() if valid_from else None,
                "valid_until": valid_until.isoformat() if valid_until else None,
            }
            _audit(session, "team.join", team.id, actor_id, None, after, reason)
        return WriteReceipt(ids=(team_id,))

    def remove_team_members(
        self,
        team_id: int,
        members: Iterable[Subject],
        *,
        actor_id: SubjectId | None = None,
        reason: str | None = None,
        commit: bool = True,
    ) -> WriteReceipt:
        """Take people and applications out of a team.

        Raises:
            ValidationFailed: also for somebody who is not in it (field ``members``).
        """
        actor_id = actor_number(actor_id)
        state = get_state()
        with write(commit) as session:
            team = _team(session, team_id)
            numbers = _members(session, members)
            stored = _stored(session, team.id, numbers)
            if len(stored) < len(numbers):
                raise ValidationFailed({"members": "somebody is not in the team"})
            _check_taking(Authority(state, session, actor_id), session, [team.id], set(numbers))
            for row in stored.values():
                session.delete(row)
            _audit(session, "team.leave", team.id, actor_id, {"members": numbers}, None, reason)
        return WriteReceipt(ids=(team_id,))

    def add_team_parent(
        self,
        team_id: int,
        parent_id: int,
        *,
        actor_id: SubjectId | None = None,
        reason: str | None = None,
        commit: bool = True,
    ) -> WriteReceipt:
        """Let whoever is in a team be in another one, too.

        Raises:
            ValidationFailed: field ``parent_id``: it is below the team, there already, or too deep.
        """
        actor_id = actor_number(actor_id)
        state = get_state()
        with write(commit) as session:
            team, parent = _team(session, team_id), _team(session, parent_id, "parent_id")
            above = teams_above(session, [parent.id])
            if team.id in above:
                raise ValidationFailed({"parent_id": "is the team itself, or below it"})
            if session.get(TeamParent, (team.id, parent.id)) is not None:
                raise ValidationFailed({"parent_id": "is a parent already"})
            if (
                _depth(session, team.id, TeamParent.team_id, TeamParent.parent_id)
                + _depth(session, parent.id, TeamParent.parent_id, TeamParent.team_id)
                >= MOST_DEEP
            ):
                raise ValidationFailed({"parent_id": f"more than {MOST_DEEP} below each other"})
            authority = Authority(state, session, actor_id)
            _check_giving(authority, session, above, members_of_teams(session, [team.id]), None)
            session.add(TeamParent(team_id=team.id, parent_id=parent.id))
            after = {"parent_id": parent.id}
            _audit(session, "team.nest", team.id, actor_id, None, after, reason)
        return WriteReceipt(ids=(team_id,))

    def remove_team_parent(
        self,
        team_id: int,
        parent_id: int,
        *,
        actor_id: SubjectId | None = None,
        reason: str | None = None,
        commit: bool = True,
    ) -> WriteReceipt:
        """Take a team out of another one."""
        actor_id = actor_number(actor_id)
        state = get_state()
        with write(commit) as session:
            team = _team(session, team_id)
            row = session.get(TeamParent, (team.id, checked_id(parent_id, "parent_id")))
            if row is None:
                raise ValidationFailed({"parent_id": "is no parent of the team"})
            _check_taking(
                Authority(state, session, actor_id),
                session,
                teams_above(session, [parent_id]),
                members_of_teams(session, [team.id]),
            )
            session.delete(row)
            _audit(
                session, "team.unnest", team.id, actor_id, {"parent_id": parent_id}, None, reason
            )
        return WriteReceipt(ids=(team_id,))

    def register_application(
        self,
        name: str,
        *,
        actor_id: SubjectId | None = None,
        reason: str | None = None,
        commit: bool = True,
    ) -> WriteReceipt:
        """Make the account of a program, which holds roles as people do; the receipt has its id."""
        actor_id = actor_number(actor_id)
        state = get_state()
        with write(commit, NAME_TAKEN) as session:
            Authority(state, session, actor_id)
            made = ProgramAccount(name=checked_label(name, NAME_LENGTH))
            session.add(made)
            session.flush()
            subject = f"application:{made.id}"
            record_audit(
                session,
                "application.create",
                subject,
                actor_id=actor_id,
                after={"name": made.name},
                reason=reason,
            )
        return WriteReceipt(ids=(made.id,))

    def set_application_disabled(
        self,
        application_id: int,
        disabled: bool,
        *,
        actor_id: SubjectId | None = None,
        reason: str | None = None,
        commit: bool = True,
    ) -> WriteReceipt:
        """Let a program do nothing any more, or again what its roles say."""
        actor_id = actor_number(actor_id)
        state = get_state()
        with write(commit) as session:
            found = session.get(ProgramAccount, checked_id(application_id, "application_id"))
            if found is None:
                raise UnknownResource("application", application_id, "application_id")
            authority = Authority(state, session, actor_id)
            if not disabled:
                number = found.id
                held = _held_by(session, RoleAssignment.user_id == _number(number))
                authority.check_gifts(_gifts(authority, session, held, Effect.ALLOW))
            before, found.disabled = found.disabled, bool(disabled)
            record_audit(
                session,
                "application.disable" if disabled else "application.enable",
                f"application:{found.id}",
                actor_id=actor_id,
                before={"disabled": before},
                after={"disabled": found.disabled},
                reason=reason,
            )
        return WriteReceipt(ids=(application_id,))

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
        actor_id = actor_number(actor_id)
        state = get_state()
        with (
            write(commit) as session,
            keeping_by_roles(session, [role_id], "role_id", begin_anew=commit),
        ):
            role = require_role(session, role_id)
            parent = checked_parent(session, parent_id, role.home, role)
            assert parent is not None
            if parent in parents_of(session, role):
                raise ValidationFailed({"parent_id": "is a parent already"})
            authority = Authority(state, session, actor_id)
            authority.check_role(role)
            for asleep in (False, True):
                ancestors = lineage(session, parent, asleep=asleep)
                gifts = gifts_of(session, state.registry, ancestors, Effect.ALLOW, role.home)
                authority.check_gifts(gifts)
            authority.check_giving(role.home, lineage(session, parent))
            with sparing(authority, role.home, [role.id]):
                session.add(RoleParent(role_id=role.id, parent_id=parent.id))
            _audit_parents(session, role, actor_id, None, {"parent_id": parent.id}, reason)
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
        actor_id = actor_number(actor_id)
        state = get_state()
        with (
            write(commit) as session,
            keeping_by_roles(session, [role_id], "role_id", begin_anew=commit),
        ):
            role = require_role(session, role_id)
            row = session.get(RoleParent, (role.id, checked_id(parent_id, "parent_id")))
            if row is None:
                raise ValidationFailed({"parent_id": "is no further parent of the role"})
            authority = Authority(state, session, actor_id)
            authority.check_role(role)
            parent = session.get(Role, parent_id)
            for asleep in (False, True):
                ancestors = lineage(session, parent, asleep=asleep)
                gifts = gifts_of(session, state.registry, ancestors, Effect.DENY, role.home)
                authority.check_gifts(gifts)
            with sparing(authority, role.home, [role.id]):
                session.delete(row)
            _audit_parents(session, role, actor_id, {"parent_id": parent_id}, None, reason)
        return WriteReceipt(ids=(role_id,))

    def put_resource(
        self,
        type: str,
        id: NodeId,
        parent: tuple[str, NodeId] | None = None,
        owner: SubjectId | None = None,
        attributes: Mapping[str, Any] | None = None,
        *,
        commit: bool = True,
    ) -> WriteReceipt:
        """Register a resource that is in no table of the application's, or change it.

        Its type is declared without a class: ``yoto.resource("file", parent={"project": ...})``.
        It is the system's own write: no rank stands above what is where.

        Args:
            parent: the node that it is below, type and id; moving it moves all below it.
            owner: who may do everything with it.
        """
        get_state()
        with write(commit) as session:
            declared = known_types().get(type)
            if not declared.registered:
                raise ValidationFailed({"type": f"'{type}' has a class: change its rows"})
            node = declared.place(id, "id")
            values = _values(session, declared, node, parent)
            if owner is not None:
                holder = holder_of(session, owner, "owner")
                if holder.user_id is None:
                    raise ValidationFailed({"owner": "must be a person"})
                values["owner_id"] = holder.user_id
            row = session.get(Resource, (type, node.id)) or Resource(type=type, id=node.id)
            for column, value in values.items():
                setattr(row, column, value)
            row.attributes = None if attributes is None else dict(attributes)
            session.add(row)
            session.flush()
            if parent is not None and load_sites(session.connection(), [node]).get(node) is None:
                raise ValidationFailed({"parent": "would be below itself, or too deep"})
        return WriteReceipt()

    def delete_resource(self, type: str, id: NodeId, *, commit: bool = True) -> WriteReceipt:
        """Forget a registered resource, with all that is given at it.

        Raises:
            ValidationFailed: also where others are below it (field ``id``).
        """
        get_state()
        with write(commit) as session:
            declared = known_types().get(type)
            node = declared.place(id, "id")
            row = session.get(Resource, (type, node.id)) if declared.registered else None
            if row is None:
                raise UnknownResource(type, id, "id")
            below = select(Resource.id).where(
                Resource.parent_type == type, Resource.parent_text == node.id
            )
            if session.scalar(below.limit(1)) is not None:
                raise ValidationFailed({"id": "others are below it"})
            session.delete(row)
        return WriteReceipt()


def _values(
    session: Session,
    declared: ResourceType,
    node: Place,
    parent: tuple[str, NodeId] | None,
) -> dict[str, Any]:
    """The columns of a row for its parent and its owner."""
    values: dict[str, Any] = dict.fromkeys(
        ("parent_type", "parent_number", "parent_uuid", "parent_text", "owner_id")
    )
    if parent is None:
        return values
    above = checked_node(parent, "parent")
    if all(one.type != above.kind for one in declared.parents):
        raise ValidationFailed({"parent": f"a {declared.name} is below no {above.kind}"})
    if above == node:
        raise ValidationFailed({"parent": "is the resource itself"})
    site_in(session, above, "parent")
    column = {int: "parent_number", uuid.UUID: "parent_uuid", str: "parent_text"}
    values["parent_type"] = above.kind
    values[column[known_types().get(above.kind).id_type]] = above.id
    return values


def _team(session: Session, team_id: Any, field: str = "team_id") -> Team:
    found = session.get(Team, checked_id(team_id, field))
    if found is None:
        raise UnknownResource("team", team_id, field)
    return found


def _number(application_id: int) -> int:
    return APPLICATIONS + application_id


def _members(session: Session, members: Iterable[Subject]) -> list[int]:
    numbers: dict[int, None] = {}
    for one in members:
        holder = holder_of(session, one, "members")
        if holder.user_id is None:
            raise ValidationFailed({"members": "people and applications, no sets"})
        numbers[holder.user_id] = None
    if not numbers:
        raise ValidationFailed({"members": "give at least one"})
    return list(numbers)


def _stored(session: Session, team_id: int, numbers: Collection[int]) -> dict[int, TeamMember]:
    rows = select(TeamMember).where(TeamMember.team_id == team_id, TeamMember.user_id.in_(numbers))
    return {row.user_id: row for row in session.scalars(rows)}


def _depth(session: Session, team_id: int, here: Any, there: Any) -> int:
    """How many teams stand below (or above) one, each below the next."""
    newest, seen, depth = {team_id}, {team_id}, 0
    while newest and depth <= MOST_DEEP:
        newest = set(session.scalars(select(here).where(there.in_(newest)))) - seen
        seen |= newest
        depth += 1
    return depth


def _held_by(session: Session, *whose: Any) -> list[tuple[Role, Place]]:
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


def _gifts(
    authority: Authority, session: Session, held: Iterable[tuple[Role, Place]], effect: Effect
) -> Gifts:
    return merged(
        *(
            gifts_of(session, authority.registry, lineage(session, role), effect, role.home, place)
            for role, place in held
        )
    )


def _of_teams(
    authority: Authority, session: Session, team_ids: Collection[int], effect: Effect
) -> tuple[list[tuple[Role, Place]], Gifts]:
    """What being in teams gives, or denies: roles, and all of it by place."""
    every = teams_above(session, team_ids)
    held = _held_by(session, RoleAssignment.team_id.in_(every))
    rows = select(ChannelOverwrite.place, ChannelOverwrite.permission_id).where(
        ChannelOverwrite.team_id.in_(every), ChannelOverwrite.effect == effect
    )
    marks = [
        {place_of_text(text): authority.registry.mask_of_id(permission_id)}
        for text, permission_id in session.execute(rows)
    ]
    return held, merged(_gifts(authority, session, held, effect), *marks)


def _check_giving(
    authority: Authority,
    session: Session,
    team_ids: Collection[int],
    members: Collection[int],
    until: float | None,
) -> None:
    """The hierarchy's rules for letting people be in teams.

    Raises:
        PermissionDenied: the actor could not give them what the teams hold, or the teams deny
            something to one whom the actor does not outrank.
    """
    if authority.unbounded:
        return
    held, gifts = _of_teams(authority, session, team_ids, Effect.ALLOW)
    for role, _ in held:
        authority.check_role(role)
        authority.check_giving(role.home, lineage(session, role), until)
    authority.check_gifts(gifts, until)
    if any(_of_teams(authority, session, team_ids, Effect.DENY)[1].values()):
        _check_outranked(authority, held, members)


def _check_taking(
    authority: Authority, session: Session, team_ids: Collection[int], members: Collection[int]
) -> None:
    """The hierarchy's rules for taking people out of teams; raises as above."""
    if authority.unbounded:
        return
    held, lost = _of_teams(authority, session, team_ids, Effect.DENY)
    for role, _ in held:
        authority.check_role(role)
    authority.check_gifts(lost)
    if held or any(_of_teams(authority, session, team_ids, Effect.ALLOW)[1].values()):
        _check_outranked(authority, held, members)


def _check_outranked(
    authority: Authority, held: Iterable[tuple[Role, Place]], members: Collection[int]
) -> None:
    """Nobody above the actor is among ``members``: in the homes of what is held, and the platform.

    It is stricter than a look at what each of them would lose: teams have few members.
    """
    homes = {NOWHERE, *(role.home for role, _ in held)}
    for home in homes:
        for user_id in members:
            if user_id != authority.actor_id and authority.rank_of(user_id, home) > max(
                authority.rank(home), -1
            ):
                raise PermissionDenied(Decision(False, OUTRANKED))


def _audit(
    session: Session,
    action: str,
    team_id: int,
    actor_id: int | None,
    before: Any,
    after: Any,
    reason: str | None,
) -> None:
    record_audit(
        session,
        action,
        f"team:{team_id}",
        actor_id=actor_id,
        before=before,
        after=after,
        reason=reason,
    )


def _audit_parents(
    session: Session,
    role: Role,
    actor_id: int | None,
    before: Any,
    after: Any,
    reason: str | None,
) -> None:
    record_audit(
        session,
        "role.update",
        f"role:{role.id}",
        actor_id=actor_id,
        server_id=role.server_id,
        before=before,
        after=after,
        reason=reason,
    )
