"""From a node to the nodes above, in SQL: one outer join a step, for any tree.

The types declare beforehand which can be above which. So the way up is known when a statement is
made: a rung for each type, and several for one that nests. Rungs that a node lacks are NULL.
"""

from __future__ import annotations

import uuid
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, FromClause, String, and_, case, cast, func, literal
from sqlalchemy.sql import visitors
from sqlalchemy.sql.util import ClauseAdapter

from yoto.nodes import TEXT_MAX_LENGTH
from yoto.store.portable import exact
from yoto.store.resources.types import Parent, ResourceType, ResourceTypes


class Rung(NamedTuple):
    """One place on the way up.

    Attributes:
        alias: the type's table here.
        expected: the id that a node has there, whether its row exists or not.
    """

    type: ResourceType
    alias: FromClause
    expected: ColumnElement[Any]

    @property
    def id(self) -> ColumnElement[Any]:
        """The id of the row; NULL: there is none."""
        return self.alias.c[self.type.key]

    def of(self, expression: ColumnElement[Any]) -> ColumnElement[Any]:
        """An expression of the type's columns, here."""
        adapted: ColumnElement[Any] = ClauseAdapter(self.alias).traverse(expression)
        return adapted

    @property
    def synced(self) -> ColumnElement[Any] | None:
        """The id of the node whose overwrites are in force; None: the node's own, always."""
        return None if self.type.sync is None else self.of(self.type.sync.id)


class Chain(NamedTuple):
    """The way up from nodes of one type: first the node itself.

    Attributes:
        too_deep: true where more nodes stand below each other than the type says.
    """

    rungs: tuple[Rung, ...]
    too_deep: ColumnElement[bool] | None

    def join(self, start: FromClause) -> FromClause:
        """``start`` with all rungs, each of them outer."""
        for rung in self.rungs:
            start = start.outerjoin(rung.alias, rung.id == rung.expected)
        return start

    @property
    def homes(self) -> list[Rung]:
        """The rungs whose nodes people belong to; of several, a node has at most one."""
        return [rung for rung in self.rungs if rung.type.members is not None]

    def used(self) -> list[Rung]:
        """The rungs above the first that others need in the join."""
        expressions: list[Any] = [rung.expected for rung in self.rungs]
        expressions += [rung.synced for rung in self.rungs if rung.synced is not None]
        if self.too_deep is not None:
            expressions.append(self.too_deep)
        tables = {
            getattr(one, "table", None)
            for expression in expressions
            for one in visitors.iterate(expression)
        }
        return [
            rung for rung in self.rungs[1:] if rung.alias in tables or not self._is_assured(rung)
        ]

    def broken(self) -> list[ColumnElement[bool]]:
        """True where a node above is missing, or where too many are above."""
        found = [
            and_(rung.expected.is_not(None), rung.id.is_(None))
            for rung in self.rungs[1:]
            if not self._is_assured(rung)
        ]
        return found if self.too_deep is None else [*found, self.too_deep]

    def _is_assured(self, rung: Rung) -> bool:
        """Whether foreign keys guarantee that the row exists."""
        columns = [
            parent.column
            for below in self.rungs
            for parent in below.type.parents
            if parent.type == rung.type.name
        ]
        return all(
            any(key.column is rung.type.id for key in column.foreign_keys) for column in columns
        )


def chain_of(
    types: ResourceTypes,
    name: str,
    anchor: ColumnElement[Any],
    rows: FromClause | None = None,
) -> Chain:
    """The way up from the node of type ``name`` that has the id ``anchor``.

    Args:
        rows: the type's table or an alias of it, whose rows these nodes are.
    """
    expected: dict[str, list[ColumnElement[Any]]] = {name: [anchor]}
    rungs: list[Rung] = []
    too_deep: ColumnElement[bool] | None = None
    for declared in types.line(name):
        ways = expected.get(declared.name, [])
        if not ways:
            continue
        at = ways[0] if len(ways) == 1 else func.coalesce(*ways, type_=declared.id.type)
        run = [_rung(declared, at)]
        if rows is not None and not rungs:
            run = [Rung(declared, rows, at)]
        own = next((one for one in declared.parents if one.type == declared.name), None)
        while own is not None and len(run) < declared.nested:
            run.append(_rung(declared, _parent(run[-1], own)))
        if own is not None:
            beyond = _parent(run[-1], own).is_not(None)
            too_deep = beyond if too_deep is None else too_deep | beyond
        rungs += run
        for rung in run:
            for parent in declared.parents:
                if parent.type != declared.name:
                    expected.setdefault(parent.type, []).append(_parent(rung, parent))
    return Chain(tuple(rungs), too_deep)


def _rung(declared: ResourceType, expected: ColumnElement[Any]) -> Rung:
    return Rung(declared, declared.table.alias(), expected)


def _parent(rung: Rung, parent: Parent) -> ColumnElement[Any]:
    """The id of the parent of this type: only where no parent that comes first is there."""
    column = rung.of(parent.column)
    before = rung.type.parents[: rung.type.parents.index(parent)]
    if not before:
        return column
    return case((and_(*(rung.of(one.column).is_(None) for one in before)), column))


def text_in_sql(declared: ResourceType, id_: ColumnElement[Any]) -> ColumnElement[str]:
    """The text of a node (``channel:3``) from its id in SQL."""
    if declared.id_type is str:
        return literal(f"{declared.name}:=", String()) + exact(cast(id_, String(TEXT_MAX_LENGTH)))
    if declared.id_type is uuid.UUID:
        text = func.lower(func.replace(cast(id_, String(36)), "-", ""), type_=String())
        return literal(f"{declared.name}:", String()) + text
    return literal(f"{declared.name}:", String()) + cast(id_, String(20))
