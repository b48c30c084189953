"""Giving and taking roles: any subject, at any node."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from datetime import UTC, datetime
from types import EllipsisType
from typing import Any, NamedTuple, Unpack

from sqlalchemy import select
from sqlalchemy.orm import Session

from yoto.cache import NodeId
from yoto.errors import UnknownResource, ValidationFailed
from yoto.nodes import APPLICATIONS
from yoto.permission.loading.finding import named_home
from yoto.permission.loading.rights import epoch
from yoto.permission.outbox.positions import WriteReceipt
from yoto.permission.people.numbers import SubjectId, person_number
from yoto.permission.people.subjects import Subject
from yoto.permission.registry.scopes import checked_id, words_of
from yoto.permission.state import get_state, get_state_in_maintenance
from yoto.permission.verdict.context import checked_json
from yoto.permission.verdict.facts import Assignment
from yoto.permission.writes.acting import Act, WriteOptions, acting
from yoto.permission.writes.assignment_rules import (
    After,
    Fields,
    Given,
    Window,
    check_giving,
    check_rank,
    check_taking,
    check_window,
    given_roles,
)
from yoto.permission.writes.declared_roles import role_number
from yoto.permission.writes.role_rules import checked_flag
from yoto.store.models import RoleAssignment, ScopeType

OF_A_USER = Fields("user_id", "role_ids")


class Assignments:
    """Role assignments; see ``Writes``.

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
        **options: Unpack[WriteOptions],
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
        window = valid_from, valid_until
        return _assign(subject, [role_id], window, _Call(options), at, attributes, here_only)

    def unassign(
        self,
        subject: Subject,
        role_id: int | str,
        at: tuple[str, NodeId] | None = None,
        **options: Unpack[WriteOptions],
    ) -> WriteReceipt:
        """Take a role from a subject at one node.

        Raises:
            ValidationFailed: also where it does not hold it there (field ``role_id``).
        """
        return _unassign(subject, [role_id], _Call(options), at)

    def assign_roles_to_user(
        self,
        user_id: SubjectId,
        role_ids: Iterable[int | str],
        server_id: int | None = None,
        valid_from: datetime | None = None,
        valid_until: datetime | None = None,
        *,
        by: str | None = None,
        in_maintenance: bool = False,
        **options: Unpack[WriteOptions],
    ) -> WriteReceipt:
        """``assign`` for several roles of a person, wherever they count, as one act.

        Args:
            server_id: if given, all roles must have this server as their home.
            by: for the audit log, an actor without an account, such as ``cli:root``.
            in_maintenance: go on in maintenance too; for operators' roles, which the caller has
                made sure that these are.

        Returns:
            A receipt with the ids of the assignments. One already held gets the new window, and
            keeps its attributes.
        """
        call = _Call(options, OF_A_USER, server_id, by, in_maintenance)
        return _assign(_person(user_id), role_ids, (valid_from, valid_until), call, attributes=...)

    def revoke_roles_from_user(
        self,
        user_id: SubjectId,
        role_ids: Iterable[int | str],
        server_id: int | None = None,
        *,
        by: str | None = None,
        in_maintenance: bool = False,
        **options: Unpack[WriteOptions],
    ) -> WriteReceipt:
        """``unassign`` for several roles of a person as one act, arguments as above."""
        call = _Call(options, OF_A_USER, server_id, by, in_maintenance)
        return _unassign(_person(user_id), role_ids, call)


class _Call(NamedTuple):
    """The arguments of a call that are about neither holder nor role."""

    options: WriteOptions
    fields: Fields = Fields()
    server_id: int | None = None
    by: str | None = None
    in_maintenance: bool = False

    def acting(self, roles: list[int]) -> AbstractContextManager[Act]:
        """The frame of the write."""
        return acting(
            self.options,
            {self.fields.role: "somebody else gave it meanwhile"},
            roles=roles,
            field=self.fields.subject,
            in_maintenance=self.in_maintenance,
        )

    def given(
        self, act: Act, subject: Any, role_ids: Iterable[int], at: Any, now: float | None
    ) -> list[Given]:
        """The checked parts of each assignment; ``now`` as for ``given_roles``."""
        found = given_roles(act.session, subject, role_ids, at, now, self.fields)
        if self.server_id is not None:
            server = (ScopeType.SERVER.value, self.server_id)
            home = str(named_home(server, "server_id"))
            for one in found:
                if one.role.home != home:
                    text = f"role {one.role.id} is not of {words_of(home)}"
                    raise ValidationFailed({self.fields.role: text})
        return found

    @property
    def by_system(self) -> bool:
        """Whether the system itself acts."""
        return self.options.get("actor_id") is None and self.by is None

    def author(self) -> dict[str, Any]:
        """The audit log's name for an author who is no account."""
        if self.by is None or self.options.get("actor_id") is not None:
            return {}
        return {"author": self.by}


def _assign(
    subject: Any,
    role_ids: Iterable[Any],
    bounds: tuple[datetime | None, datetime | None],
    call: _Call,
    at: Any = None,
    attributes: Mapping[str, Any] | EllipsisType | None = None,
    here_only: bool = False,
) -> WriteReceipt:
    """Assign roles to one holder at one place; ``attributes``: ``...`` leaves them as they are."""
    state = get_state_in_maintenance() if call.in_maintenance else get_state()
    now = datetime.fromtimestamp(state.clock(), UTC)
    check_window(*bounds, None if call.by_system else now)
    checked = None if attributes is ... else checked_json(attributes, "attributes")
    alone = checked_flag(here_only, "here_only")
    if alone and at is None:
        raise ValidationFailed({"here_only": "say by 'at' where"})
    numbers = _numbers(role_ids, call.fields)
    with call.acting(numbers) as act:
        giving = call.given(act, subject, numbers, at, now.timestamp())
        node = giving[0].nodes[alone]
        for given in giving:
            check_rank(act.authority, given)
        stored = _stored(act.session, giving)
        window = Window(epoch(bounds[0]), epoch(bounds[1]))
        for given in giving:
            _check(act, given, stored.get(given.role.id), window, node, alone)
        for given in giving:
            row = stored.get(given.role.id)
            was = None if row is None else _shown(row)
            if row is not None and row.node != node:
                _record(act, "role.unassign", given, was, None)
                was = None
            if row is None:
                row = stored[given.role.id] = RoleAssignment(
                    subject=given.holder.text,
                    user_id=given.holder.user_id,
                    team_id=given.holder.team_id,
                    role_id=given.role.id,
                )
                act.session.add(row)
            row.node, (row.valid_from, row.valid_until) = node, bounds
            row.assigned_by = act.actor_id
            if attributes is not ...:
                row.attributes = checked
            _record(act, "role.assign", given, was, _shown(row) | call.author())
        act.session.flush()
    return WriteReceipt(ids=tuple(stored[one].id for one in numbers))


def _unassign(subject: Any, role_ids: Iterable[Any], call: _Call, at: Any = None) -> WriteReceipt:
    numbers = _numbers(role_ids, call.fields)
    with call.acting(numbers) as act:
        taking = call.given(act, subject, numbers, at, None)
        stored = _stored(act.session, taking)
        absent = [one for one in numbers if one not in stored]
        if absent:
            each = [f"{one}: is not held there" for one in absent]
            raise ValidationFailed({call.fields.role: each if numbers[1:] else "is not held there"})
        for given in taking:
            check_rank(act.authority, given)
        taken = [(given, stored[given.role.id]) for given in taking]

        def left(ids: Collection[int]) -> After:
            gone = [Assignment(one, node=stored[one].node) for one in ids]
            return lambda held: tuple(
                one for one in held if not any(_is_same(one, other) for other in gone)
            )

        check_taking(act.authority, taken, left)
        ids = tuple(row.id for _, row in taken)
        for given, row in taken:
            _record(act, "role.unassign", given, _shown(row), call.author() or None)
            act.session.delete(row)
    return WriteReceipt(ids=ids)


def _check(
    act: Act, given: Given, row: RoleAssignment | None, window: Window, node: str, alone: bool
) -> None:
    """The rules for a new assignment, or for another window or reach of one that is there."""
    before = None if row is None else Window(epoch(row.valid_from), epoch(row.valid_until))
    moved = row is not None and row.node != node
    if before is None or (moved and not alone) or not window.within(before):
        check_giving(act.authority, given, window.end)
    if row is None or before is None or not ((moved and alone) or not before.within(window)):
        return
    gone = Assignment(given.role.id, node=row.node)
    held = Assignment(given.role.id, *window, node)
    check_taking(
        act.authority,
        [(given, row)],
        lambda _: lambda all_held: tuple(held if _is_same(one, gone) else one for one in all_held),
    )


def _person(user_id: SubjectId) -> int:
    """The number of a person, whom no statement of the write needs to ask for."""
    number = person_number(user_id)
    if number > APPLICATIONS:
        raise UnknownResource("user", user_id, "user_id")
    return number


def _numbers(role_ids: Iterable[Any], fields: Fields) -> list[int]:
    found = [checked_id(role_number(one, fields.role), fields.role) for one in role_ids]
    if not found:
        raise ValidationFailed({fields.role: "give at least one role"})
    return list(dict.fromkeys(found))


def _stored(session: Session, all_given: Sequence[Given]) -> dict[int, RoleAssignment]:
    """The assignments that are there already, by role."""
    first = all_given[0]
    found = session.scalars(
        select(RoleAssignment).where(
            RoleAssignment.subject == first.holder.text,
            RoleAssignment.role_id.in_([given.role.id for given in all_given]),
            RoleAssignment.node.in_(first.nodes),
        )
    )
    return {row.role_id: row for row in found}


def _is_same(one: Assignment, other: Assignment) -> bool:
    return (one.role_id, one.node, one.team_id) == (other.role_id, other.node, None)


def _shown(row: RoleAssignment) -> dict[str, Any]:
    start, end = row.valid_from, row.valid_until
    return {
        "role_id": row.role_id,
        "node": row.node,
        "valid_from": start.isoformat() if start else None,
        "valid_until": end.isoformat() if end else None,
        "attributes": row.attributes,
    }


def _record(act: Act, action: str, given: Given, before: Any, after: Any) -> None:
    # All members of a node are recorded as the node.
    subject = given.holder.home or given.holder.text
    act.record(action, subject, before, after, given.home)
