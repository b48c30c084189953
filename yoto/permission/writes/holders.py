"""The present holders of roles at a node, and the members of teams."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import select

from yoto.cache import NodeId
from yoto.errors import ValidationFailed
from yoto.nodes import here_only as here_only_at
from yoto.permission.loading.finding import checked_node, require
from yoto.permission.loading.source import reading
from yoto.permission.people.numbers import SubjectId, actor_number, own_ids
from yoto.permission.people.subjects import shown_subject
from yoto.permission.rank.hierarchy import Authority
from yoto.permission.registry.scopes import checked_id
from yoto.permission.state import get_state
from yoto.permission.writes.declared_roles import role_number
from yoto.store.db import db
from yoto.store.models import Role, RoleAssignment
from yoto.store.models import Team as TeamRow
from yoto.store.models import TeamMember


class Held(NamedTuple):
    """An assignment as stored: holder, role, place (None: wherever it counts), and time."""

    id: int
    subject: Any
    role_id: int
    at: tuple[str, NodeId] | None
    valid_from: datetime | None
    valid_until: datetime | None
    attributes: Mapping[str, Any] | None
    here_only: bool = False


class InTeam(NamedTuple):
    """A member of a team, with the time window."""

    subject: Any
    valid_from: datetime | None
    valid_until: datetime | None


class Holders:
    """Reading who holds roles and who is in teams; see ``Writes``."""

    def shared_by(
        self, actor_id: SubjectId, role_id: int | str, at: tuple[str, NodeId]
    ) -> tuple[str, ...]:
        """The permissions with which a person may give and take a role at a node without
        administering it, by its type's declaration (``shares``) and their present rights.

        Policies are not asked. A missing role is shared by nothing.

        Raises:
            PermissionDenied: the actor does not exist, or is disabled.
            UnknownResource: there is no such node.
        """
        state, number = get_state(), actor_number(actor_id)
        place = checked_node(at, "at")
        try:
            wanted = role_number(role_id)
        except ValidationFailed:
            return ()
        with reading():
            session = db.session()
            role = session.get(Role, wanted)
            if role is None:
                return ()
            return Authority(state, session, number).shared_by(role, place)

    def holders(self, type: str, id: NodeId, limit: int = 1_000) -> list[Held]:
        """The holders of roles at a node itself, in the order of their assignments.

        People are named by their ids as the application knows them.
        """
        get_state()
        node = str(checked_node((type, id), "at"))
        held_at = RoleAssignment.node.in_([node, here_only_at(node)])
        statement = select(RoleAssignment).where(held_at)
        with reading():
            rows = db.session.scalars(statement.order_by(RoleAssignment.id).limit(limit)).all()
            subjects = _named(shown_subject(row.subject) for row in rows)
        return [
            Held(
                row.id,
                subject,
                row.role_id,
                (type, id),
                row.valid_from,
                row.valid_until,
                row.attributes,
                row.node != node,
            )
            for subject, row in zip(subjects, rows, strict=True)
        ]

    def team_members(self, team_id: int, limit: int = 1_000) -> list[InTeam]:
        """The direct members of a team, also outside of their window, in the order of joining.

        Raises:
            UnknownResource: there is no such team.
        """
        get_state()
        found = select(TeamMember).where(TeamMember.team_id == checked_id(team_id, "team_id"))
        ordered = found.order_by(TeamMember.created_at, TeamMember.user_id).limit(limit)
        with reading():
            require(db.session(), TeamRow, team_id)
            rows = db.session.scalars(ordered).all()
            subjects = _named(shown_subject(f"user:{row.user_id}") for row in rows)
        return [
            InTeam(subject, row.valid_from, row.valid_until)
            for subject, row in zip(subjects, rows, strict=True)
        ]


def _named(subjects: Iterable[Any]) -> list[Any]:
    """Subjects as the application knows them: people, who are numbers here, by their ids."""
    found = list(subjects)
    own = own_ids(one for one in found if type(one) is int)
    return [own.get(one, one) if type(one) is int else one for one in found]
