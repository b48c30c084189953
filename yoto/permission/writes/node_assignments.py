"""Roles for any subject, at any node."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from datetime import UTC, datetime
from typing import Any, NamedTuple

from sqlalchemy import select
from sqlalchemy.orm import Session

from yoto.cache import NodeId
from yoto.errors import PermissionDenied, ValidationFailed
from yoto.nodes import APPLICATIONS
from yoto.nodes import here_only as here_only_at
from yoto.permission.loading.finding import (
    checked_node,
    require,
    require_role,
    server_of,
    site_in,
)
from yoto.permission.loading.rights import epoch
from yoto.permission.loading.source import reading
from yoto.permission.outbox.positions import WriteReceipt
from yoto.permission.people.kinds import Everyone
from yoto.permission.people.numbers import SubjectId, actor_number, own_ids
from yoto.permission.people.subjects import Holder, Subject, holder_of, shown_subject
from yoto.permission.rank.delegation import delegated_grants, role_closure
from yoto.permission.rank.hierarchy import Authority, DelegatedGrants
from yoto.permission.rank.losses import check_assignments, check_set
from yoto.permission.rank.not_below import anybody_above, check_none_above, check_none_above_at
from yoto.permission.rank.ranking import OUTSIDE, OWNER_RANK, may_handle, rank_of
from yoto.permission.rank.teams import members_of_teams
from yoto.permission.registry.scopes import Place, checked_id, words_of
from yoto.permission.state import get_state
from yoto.permission.verdict.context import checked_json
from yoto.permission.verdict.facts import Assignment
from yoto.permission.verdict.verdict import OUTRANKED, ROLE_TOO_HIGH, Decision
from yoto.permission.writes.acting import Act, acting
from yoto.permission.writes.assignments import Window, check_window
from yoto.permission.writes.declared_roles import role_number
from yoto.permission.writes.role_rules import checked_flag
from yoto.store.db import db
from yoto.store.models import NOWHERE, Effect, Role, RoleAssignment
from yoto.store.models import Team as TeamRow
from yoto.store.models import TeamMember

GIVEN_MEANWHILE = {"role_id": "somebody else gave it meanwhile"}


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


class _Given(NamedTuple):
    """The parts of an assignment."""

    holder: Holder
    role: Role
    at: Place | None
    home: str

    @property
    def nodes(self) -> list[str]:
        """The node's possible texts in the table: with all below it, or alone."""
        return [NOWHERE] if self.at is None else [str(self.at), here_only_at(str(self.at))]


class NodeAssignments:
    """Role assignments at nodes; see ``Writes``.

    Args:
        subject: a person's id, ``Application``, ``Team``, ``Everyone`` or ``PUBLIC``.
        role_id: the id of a role, or the name of one that ``Yoto(roles=...)`` declares.
        at: the node at which the role is held, with all that is below it, type and id; None:
            wherever the role counts.
    """

    def assign(
        self,
        subject: Subject,
        role_id: int | str,
        at: tuple[str, NodeId] | None = None,
        valid_from: datetime | None = None,
        valid_until: datetime | None = None,
        attributes: Mapping[str, Any] | None = None,
        *,
        here_only: bool = False,
        actor_id: SubjectId | None = None,
        reason: str | None = None,
        commit: bool = True,
    ) -> WriteReceipt:
        """Let a subject hold a role; if it holds it there already, the other values are replaced.

        Args:
            valid_from, valid_until: the window, half open, with a time zone; None: no bound. An
                actor gives none that is over; an import, which has no actor, may.
            attributes: JSON data for policies, which read it for rights by this assignment.
            here_only: it counts at the node ``at`` itself, and not below.

        Returns:
            A receipt with the id of the assignment.
        """
        now = datetime.fromtimestamp(get_state().clock(), UTC)
        check_window(valid_from, valid_until, None if actor_id is None else now)
        checked = checked_json(attributes, "attributes")
        alone = checked_flag(here_only, "here_only")
        if alone and at is None:
            raise ValidationFailed({"here_only": "say by 'at' where"})
        number = role_number(role_id)
        with acting(
            actor_id, reason, commit, GIVEN_MEANWHILE, roles=[number], field="subject"
        ) as act:
            given = _given(act.session, subject, number, at, now.timestamp())
            _check_rank(act.authority, given)
            row = _stored(act.session, given)
            window = Window(epoch(valid_from), epoch(valid_until))
            node = given.nodes[alone]
            before = None if row is None else _window_of(row)
            moved = row is not None and row.node != node
            if before is None or (moved and not alone) or not window.within(before):
                _check_giving(act.authority, given, window.end)
            if before is not None and ((moved and alone) or not before.within(window)):
                assert row is not None
                gone = Assignment(given.role.id, node=row.node)
                held = Assignment(given.role.id, *window, node)
                _check_taking(
                    act.authority,
                    given,
                    row,
                    lambda all_held: tuple(
                        held if _is_same(one, gone) else one for one in all_held
                    ),
                )
            was = None if row is None else _shown(row)
            if row is not None and row.node != node:
                _record(act, "role.unassign", given, was, None)
                was = None
            if row is None:
                row = RoleAssignment(
                    subject=given.holder.text,
                    user_id=given.holder.user_id,
                    team_id=given.holder.team_id,
                    role_id=given.role.id,
                    node=node,
                )
                act.session.add(row)
            row.node, row.valid_from, row.valid_until = node, valid_from, valid_until
            row.attributes, row.assigned_by = checked, act.actor_id
            act.session.flush()
            _record(act, "role.assign", given, was, _shown(row))
        return WriteReceipt(ids=(row.id,))

    def unassign(
        self,
        subject: Subject,
        role_id: int | str,
        at: tuple[str, NodeId] | None = None,
        *,
        actor_id: SubjectId | None = None,
        reason: str | None = None,
        commit: bool = True,
    ) -> WriteReceipt:
        """Take a role from a subject at one node.

        Raises:
            ValidationFailed: also where it does not hold it there (field ``role_id``).
        """
        number = role_number(role_id)
        with acting(actor_id, reason, commit, roles=[number], field="subject") as act:
            given = _given(act.session, subject, number, at, None)
            row = _stored(act.session, given)
            if row is None:
                raise ValidationFailed({"role_id": "is not held there"})
            _check_rank(act.authority, given)
            gone = Assignment(given.role.id, node=row.node)
            _check_taking(
                act.authority,
                given,
                row,
                lambda all_held: tuple(one for one in all_held if not _is_same(one, gone)),
            )
            _record(act, "role.unassign", given, _shown(row), None)
            ids = (row.id,)
            act.session.delete(row)
        return WriteReceipt(ids=ids)

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


def _given(session: Session, subject: Any, role_id: Any, at: Any, now: float | None) -> _Given:
    """The checked parts of an assignment.

    Args:
        now: epoch seconds, for a new assignment; None: the assignment is taken away.
    """
    holder = holder_of(session, subject)
    role = require_role(session, role_id, lent_too=now is None)
    place, home = None, role.home
    if at is not None:
        site = site_in(session, checked_node(at, "at"), "at")
        place = site.place
        # An assignment from before the node moved elsewhere can be taken there, too.
        if now is not None and role.home not in (NOWHERE, site.home):
            raise ValidationFailed({"at": f"is not in {words_of(role.home)}, the role's"})
        home = site.home or NOWHERE
        if now is not None and isinstance(subject, Everyone) and holder.home != site.home:
            raise ValidationFailed({"subject": "is everybody of another node"})
    elif isinstance(subject, Everyone) and holder.home != role.home:
        raise ValidationFailed({"at": "say where everybody is to hold it"})
    if now is not None and at is None and holder.user_id is not None and role.home != NOWHERE:
        if holder.user_id < APPLICATIONS:
            if rank_of(session, holder.user_id, role.home, now) == OUTSIDE:
                raise ValidationFailed({"subject": f"is no member of {words_of(role.home)}"})
    return _Given(holder, role, place, home)


def _is_free(authority: Authority, given: _Given, until: float | None) -> bool:
    """Whether no rank is needed for the role there: the actor owns, administers or shares it."""
    return authority.stands_at(given.at, until) or authority.shares(given.role, given.at, until)


def _check_rank(authority: Authority, given: _Given) -> None:
    """Raises ``PermissionDenied`` where the role stands too high for the actor."""
    if not _is_free(authority, given, authority.now):
        authority.check_role(given.role, at=given.at)


def _check_giving(authority: Authority, given: _Given, until: float | None) -> None:
    """The hierarchy's rules for giving a role there.

    Raises:
        PermissionDenied: the actor lacks, or will lack before it ends, a permission that this
            gives; the role, or one it inherits from, stands too high; or it denies something to a
            user whom the actor does not outrank.
    """
    if authority.unbounded:
        return
    authority.check_delegation(_delegated(authority, given, Effect.ALLOW), until)
    if not _is_free(authority, given, until):
        line = role_closure(authority.session, given.role)
        authority.check_giving(given.role.home, line, until, given.at)
    if any(_delegated(authority, given, Effect.DENY).values()):
        stands = authority.stands_at(given.at, until)
        _check_outranks(authority, given, ROLE_TOO_HIGH, or_equal=not stands)


def _check_taking(
    authority: Authority,
    given: _Given,
    row: RoleAssignment,
    after: Callable[[tuple[Assignment, ...]], tuple[Assignment, ...]],
) -> None:
    """The hierarchy's rules for taking a role; raises as ``_check_giving``."""
    if authority.unbounded:
        return
    authority.check_delegation(_delegated(authority, given, Effect.DENY))
    user_id, homes = given.holder.user_id, {given.role.home, given.home}
    free = _is_free(authority, given, authority.now)
    if user_id is None and not free:
        _check_outranks(authority, given, OUTRANKED)
        return
    # A rank that counts at the node alone is none over its owners and administrators.
    here_alone = free or not may_handle(authority.rank(given.role.home), given.role.position)
    if user_id is not None and given.at is not None and here_alone:
        check_none_above_at(authority, given.at, [user_id])
    at = _compared_at(authority, given)
    if user_id is None:
        for home in homes:
            check_set(authority, home, row, given.home, at)
    elif user_id > APPLICATIONS:
        check_none_above(authority, homes, [user_id], at=at)
    else:
        for home in homes:
            check_assignments(authority, user_id, home, [given.role.id], after, at)


def _compared_at(authority: Authority, given: _Given) -> Place | None:
    """The node at which ranks are compared; None: an owner or administrator of the node stands
    above all roles that are held there.
    """
    return None if authority.stands_at(given.at, authority.now) else given.at


def _check_outranks(
    authority: Authority, given: _Given, reason: str, *, or_equal: bool = True
) -> None:
    """Check that the actor outranks every member of a set.

    Only the owner outranks everybody, and is never outranked on the platform for a role of it.

    Args:
        or_equal: False: no member outranks the actor, who owns or administers the node.
    """
    holder, session = given.holder, authority.session
    concerned: Collection[int]
    if holder.user_id is not None:
        concerned = [holder.user_id]
    elif holder.team_id is not None:
        concerned = members_of_teams(session, [holder.team_id])
    elif given.home != NOWHERE and authority.rank(given.home) >= OWNER_RANK:
        if anybody_above(authority, given.role.home, _compared_at(authority, given)):
            raise PermissionDenied(Decision(False, reason))
        return
    else:
        raise PermissionDenied(Decision(False, reason))
    if given.at is not None and not or_equal:
        check_none_above_at(authority, given.at, concerned, reason)
    check_none_above(
        authority,
        {given.role.home, given.home},
        concerned,
        or_equal=or_equal,
        reason=reason,
        at=_compared_at(authority, given),
    )


def _delegated(authority: Authority, given: _Given, effect: Effect) -> DelegatedGrants:
    session = authority.session
    line = role_closure(session, given.role)
    return delegated_grants(session, authority.registry, line, effect, given.role.home, given.at)


def _is_same(one: Assignment, other: Assignment) -> bool:
    return (one.role_id, one.node, one.team_id) == (other.role_id, other.node, None)


def _stored(session: Session, given: _Given) -> RoleAssignment | None:
    return session.scalar(
        select(RoleAssignment).where(
            RoleAssignment.subject == given.holder.text,
            RoleAssignment.role_id == given.role.id,
            RoleAssignment.node.in_(given.nodes),
        )
    )


def _window_of(row: RoleAssignment) -> Window:
    return Window(epoch(row.valid_from), epoch(row.valid_until))


def _shown(row: RoleAssignment) -> dict[str, Any]:
    start, end = row.valid_from, row.valid_until
    return {
        "role_id": row.role_id,
        "node": row.node,
        "valid_from": start.isoformat() if start else None,
        "valid_until": end.isoformat() if end else None,
        "attributes": row.attributes,
    }


def _record(act: Act, action: str, given: _Given, before: Any, after: Any) -> None:
    # All members of a node are recorded as the node.
    subject = given.holder.home or given.holder.text
    act.record(action, subject, before, after, server_of(given.home))
