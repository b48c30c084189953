"""``permissions.visible``: narrows a SELECT to the rows that its reader may see."""

from __future__ import annotations

from datetime import UTC, datetime
from itertools import compress
from typing import Any, TypeVar

from sqlalchemy import ColumnElement, Select, case, inspect, literal, not_, select

from yoto.errors import ValidationFailed
from yoto.permission.checking.asking import met_by_policies
from yoto.permission.database.statements import of_community, these_ids
from yoto.permission.loading.source import reading
from yoto.permission.registry.scopes import Place, checked_id
from yoto.permission.search.question import SCAN_MAX, Question
from yoto.permission.search.sql_verdict import SqlVerdict
from yoto.permission.state import PermissionState
from yoto.store.resources import ResourceType, known_types

Statement = TypeVar("Statement", bound=Select[Any])


def visible_in(
    state: PermissionState, statement: Statement, user_id: int, question: Question
) -> Statement:
    """``statement`` with the verdict on each of its nodes as a condition.

    Where policies check a permission, they are asked now about each place in which roles give it,
    and the condition names the places with their verdicts.

    Raises:
        ValidationFailed: it selects nodes of no type or of several (field ``statement``), a bad id,
            or there are more than ``SCAN_MAX`` places to ask policies about (the field of the
            question).
    """
    entity, declared = _selected(statement)
    sql = verdict_of(state, declared.name, checked_id(user_id, "user_id"), question)
    judged = _Judged(state, question, declared.name)
    if not judged.everywhere | judged.somewhere:
        return statement.where(sql.on(entity).condition(question.possible()))
    settled, open_ = judged.masks(question)
    model, key = declared.model, declared.key
    with reading() as connection:
        at_nodes = sql.on(model)
        asked = select(declared.id).where(at_nodes.condition(open_, judged.bit(model)))
        found = list(connection.scalars(asked.limit(SCAN_MAX + 1)))
        if len(found) > SCAN_MAX:
            too_many = f"policies judge '{question.asked}' in too many places: list it instead"
            raise ValidationFailed({question.field: too_many})
        small = sorted({mask & (judged.place - 1) for mask in open_})
        masks = at_nodes.masks(connection, found, small)
    held = [
        (user_id, Place(declared.name, id_), question.mask(mask)) for id_, mask in masks.items()
    ]
    verdicts = met_by_policies(state, question.asked, held)
    allowed: list[Any] = [place.id for _, place, _ in compress(held, verdicts)]
    column = inspect(entity).selectable.c[key]
    among = column.in_(these_ids(allowed) if declared.id_type is int else allowed)
    # One bit says that the policies allow it there, whether or not it was open.
    stands = judged.place << 1
    met = [*settled, *(mask | stands for mask in (*settled, *open_))]
    more = judged.bit(entity) + case((among, stands), else_=0)
    return statement.where(sql.on(entity).condition(met, more))


class _Judged:
    """The permissions of a question about which policies decide too, as small masks.

    Attributes:
        everywhere, somewhere: at all nodes of a type, and at those that a condition names.
        place: the bit for a node that the condition names.
    """

    def __init__(self, state: PermissionState, question: Question, scope: str) -> None:
        named, judged = 0, state.judged
        if judged is not None and scope == judged.kind and of_community(scope):
            named = question.bits(one.name in judged.names for one in question.permissions)
        self.everywhere = question.bits(one.abac for one in question.permissions)
        self.somewhere = named & ~self.everywhere
        self.place = 1 << len(question.permissions)
        self._judged = judged

    def bit(self, entity: Any) -> ColumnElement[int]:
        """``place``, or 0, for each row."""
        if self._judged is None or not self.somewhere:
            return literal(0)
        return case((not_(self._judged.condition(entity)), 0), else_=self.place)

    def masks(self, question: Question) -> tuple[list[int], list[int]]:
        """With ``place``, the masks that roles alone settle, and those where policies decide."""
        settled: list[int] = []
        open_: list[int] = []
        met = question.possible()
        for place in (0, self.place) if self.somewhere else (0,):
            judged = self.everywhere | (self.somewhere if place else 0)
            settled += (mask | place for mask in met if not mask & judged)
            open_ += (mask | place for mask in question.possible(judged) if mask & judged)
        return settled, open_


def verdict_of(state: PermissionState, kind: str, user_id: int, question: Question) -> SqlVerdict:
    """The verdicts on the permissions of a question, as of now; policies are left out."""
    now = datetime.fromtimestamp(state.clock(), UTC)
    known = dict(state.registry.snapshot.by_name)
    return SqlVerdict(known_types(), kind, user_id, question.permissions, known, now)


def _selected(statement: Select[Any]) -> tuple[Any, ResourceType]:
    """The one entity of the statement whose rows are nodes, and their type."""
    types = known_types()
    found: dict[Any, ResourceType] = {}
    for description in statement.column_descriptions:
        entity = description["entity"]
        if entity is None:
            continue
        declared = types.of_model(inspect(entity).mapper.local_table)
        if declared is not None and declared.askable:
            found[entity] = declared
    if len(found) != 1:
        known = ", ".join(one.name for one in types if one.askable)
        raise ValidationFailed({"statement": f"must select nodes of one type: {known}"})
    [(selected, declared)] = found.items()
    return selected, declared
