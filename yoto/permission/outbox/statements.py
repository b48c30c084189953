"""The tags that a statement over many rows makes dirty, found before it is executed.

The rows that an UPDATE or DELETE will meet are selected first, with its own WHERE; an INSERT
contains its rows. A statement whose rows cannot be found makes everything dirty, unless the caller
names tags by ``execution_options(yoto_subjects=[...])``.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import BindParameter, Delete, Insert, TextClause, Update, select
from sqlalchemy.orm import ORMExecuteState

from yoto.permission.outbox.dirty_tags import DirtyTags
from yoto.permission.outbox.rules import Act, Row, Rule, rule_of, ruled_names

SUBJECTS_OPTION = "yoto_subjects"
# Rows to look at before one statement; about 10 MB.
MAX_ROWS = 50_000

_WRITES = re.compile(r"\s*(insert|update|delete|replace|truncate)\b", re.IGNORECASE)


def collect_statement(state: ORMExecuteState, dirty: DirtyTags) -> None:
    """Add the subjects that a statement touches, before its execution."""
    statement = state.statement
    given = state.execution_options.get(SUBJECTS_OPTION)
    if given is not None:
        dirty.add(*given)
    elif isinstance(statement, TextClause):
        _text(statement.text, dirty)
    elif isinstance(statement, (Insert, Update, Delete)):
        rule = rule_of(statement.table)
        if rule is None:
            return
        if isinstance(statement, Insert):
            _inserted(statement, rule, _parameters(state), dirty)
        else:
            _met(statement, rule, state, dirty)


def _text(text: str, dirty: DirtyTags) -> None:
    if _WRITES.match(text) and any(re.search(rf"\b{name}\b", text) for name in ruled_names()):
        dirty.everything()


def _parameters(state: ORMExecuteState) -> Sequence[Mapping[str, Any]]:
    given = state.parameters
    if not given:
        return ()
    return (given,) if isinstance(given, Mapping) else given


def _inserted(
    statement: Insert, rule: Rule, parameters: Sequence[Mapping[str, Any]], dirty: DirtyTags
) -> None:
    if statement.select is not None:
        dirty.everything()
        return
    fixed = _values(statement)
    rows: Iterable[Row]
    if several := _several_rows(statement):
        rows = several
    else:
        rows = [fixed | dict(row) for row in parameters] or [fixed]
    for row in rows:
        rule.apply(dirty, Act.INSERT, row)


def _met(statement: Update | Delete, rule: Rule, state: ORMExecuteState, dirty: DirtyTags) -> None:
    parameters = _parameters(state)
    changes: dict[str, Any] = {}
    if isinstance(statement, Update):
        changes = _values(statement)
        named = {name for row in parameters for name in row}
        if not rule.columns & (changes.keys() | named):
            return
    if len(parameters) > 1 or (isinstance(statement, Update) and statement.whereclause is None):
        # By primary key, or a WHERE executed many times: too clever to follow.
        dirty.everything()
        return
    act = Act.UPDATE if isinstance(statement, Update) else Act.DELETE
    if not rule.keys:
        dirty.everything()
        return
    state.session.flush()
    table = statement.table
    query = select(*(table.c[key] for key in rule.keys)).select_from(table).limit(MAX_ROWS + 1)
    if statement.whereclause is not None:
        query = query.where(statement.whereclause)
    found = state.session.connection().execute(query, dict(parameters[0]) if parameters else {})
    rows = [dict(zip(rule.keys, row, strict=True)) for row in found.fetchall()]
    if len(rows) > MAX_ROWS:
        dirty.everything()
        return
    moved = {key: changes[key] for key in rule.keys if key in changes}
    for row in rows:
        rule.apply(dirty, act, row)
        if moved:
            rule.apply(dirty, act, row | moved)


def _values(statement: Insert | Update) -> dict[str, Any]:
    """Column name to literal value, None for a value that the database computes.

    SQLAlchemy offers no public way to read the arguments of ``values()`` from a statement.
    """
    given: dict[Any, Any] = dict(getattr(statement, "_values", None) or {})
    given |= dict(getattr(statement, "_ordered_values", None) or ())
    return {_name(column): _literal(value) for column, value in given.items()}


def _several_rows(statement: Insert) -> list[Row]:
    rows: list[Row] = []
    for batch in getattr(statement, "_multi_values", ()):
        for row in batch:
            if not isinstance(row, Mapping):
                return [{}]
            rows.append({_name(column): _literal(value) for column, value in row.items()})
    return rows


def _name(column: Any) -> str:
    return str(getattr(column, "key", column))


def _literal(value: Any) -> Any:
    if isinstance(value, BindParameter):
        return value.effective_value
    return None if hasattr(value, "__clause_element__") or hasattr(value, "compile") else value
