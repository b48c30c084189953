"""SQL that each database wants in other words."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from typing import Any

from sqlalchemy import (
    CTE,
    Boolean,
    ClauseElement,
    Connection,
    Float,
    Integer,
    Null,
    Select,
    String,
    Table,
    TypeCoerce,
    text,
)
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql import roles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.elements import _truncated_label
from sqlalchemy.sql.functions import GenericFunction
from sqlalchemy.sql.visitors import InternalTraversal

from yoto.store.servers import POSTGRESQL


def left_usable(connection: Connection) -> AbstractContextManager[Any]:
    """A block that may fail in a transaction that goes on: PostgreSQL would refuse what follows."""
    return connection.begin_nested() if connection.dialect.name == POSTGRESQL else nullcontext()


class _Bracket(roles.StatementOptionRole, ClauseElement):
    """The brackets that PostgreSQL wants around the steps of a recursive CTE."""

    __visit_name__ = "yoto_bracket"
    inherit_cache = True
    _traverse_internals = [("opens", InternalTraversal.dp_boolean)]

    def __init__(self, opens: bool) -> None:
        self.opens = opens


@compiles(_Bracket)
def _bracket(element: _Bracket, compiler: SQLCompiler, *, visiting_cte: CTE, **kw: Any) -> str:
    if not element.opens:
        return ")"
    name: Any = visiting_cte.name
    if isinstance(name, _truncated_label):
        name = compiler._truncated_identifier("alias", name)
    cte = compiler.preparer.format_alias(visiting_cte, name)
    # The name is the compiler's own.
    return f"UNION (WITH {cte} AS (TABLE {cte}) SELECT * FROM {cte} WHERE false"  # nosec B608


_OPENS: Any = _Bracket(True)
_CLOSES: Any = _Bracket(False)


def before_steps(rows: Select[Any]) -> Select[Any]:
    """The last of a recursive CTE's first rows, where more than one of its steps follows.

    PostgreSQL allows one step: there the steps are parts of one, in brackets, and read what the
    step before found under the same name. ``last_step`` closes them.
    """
    return rows.suffix_with(_OPENS, dialect="postgresql")


def last_step(step: Select[Any]) -> Select[Any]:
    """The last of such steps."""
    return step.suffix_with(_CLOSES, dialect="postgresql")


@compiles(TypeCoerce, "postgresql")
def _coerced(element: TypeCoerce[Any], compiler: Any, **kw: Any) -> str:
    """A value of another type, converted where PostgreSQL does not take one for the other."""
    clause, type_ = element.clause, element.type
    said: str = compiler.visit_type_coerce(element, **kw)
    if isinstance(clause, Null):  # a text, where nothing beside it is anything else
        return f"CAST(NULL AS {compiler.dialect.type_compiler_instance.process(type_)})"
    if isinstance(clause.type, Boolean) and isinstance(type_, Integer):  # it is a number elsewhere
        return f"CAST(CAST({said} AS INTEGER) AS BIGINT)"
    return said


class instr(GenericFunction[int]):  # noqa: N801  (a function's name, as SQLAlchemy wants it)
    """Where a text has another, from 1 on; 0: nowhere."""

    inherit_cache = True


@compiles(instr, "postgresql")
def _strpos(element: instr, compiler: SQLCompiler, **kw: Any) -> str:
    return f"strpos({compiler.process(element.clauses, **kw)})"


class exact(GenericFunction[str]):  # noqa: N801
    """A text that is compared by its bytes, from a column of whichever collation."""

    type = String()
    inherit_cache = True


@compiles(exact)
def _as_it_is(element: exact, compiler: SQLCompiler, **kw: Any) -> str:
    return compiler.process(element.clauses, **kw)


@compiles(exact, "postgresql")
def _by_bytes(element: exact, compiler: SQLCompiler, **kw: Any) -> str:
    return f'({compiler.process(element.clauses, **kw)}) COLLATE "C"'


class last_of(GenericFunction[Any]):  # noqa: N801
    """The greatest value, of UUIDs as well."""

    inherit_cache = True


@compiles(last_of)
def _max(element: last_of, compiler: SQLCompiler, **kw: Any) -> str:
    return f"max({compiler.process(element.clauses, **kw)})"


@compiles(last_of, "postgresql")
def _first_downwards(element: last_of, compiler: SQLCompiler, **kw: Any) -> str:
    value = compiler.process(element.clauses, **kw)
    return f"(array_agg({value} ORDER BY {value} DESC))[1]"


class json_ids(GenericFunction[Any]):  # noqa: N801  (a function's name, as SQLAlchemy wants it)
    """Rows of the numbers in a JSON array."""

    inherit_cache = True


@compiles(json_ids, "sqlite")
def _on_sqlite(element: json_ids, compiler: SQLCompiler, **kw: Any) -> str:
    return f"json_each({compiler.process(element.clauses, **kw)})"


@compiles(json_ids, "mysql", "mariadb")
def _on_mariadb(element: json_ids, compiler: SQLCompiler, **kw: Any) -> str:
    array = compiler.process(element.clauses, **kw)
    return f"JSON_TABLE({array}, '$[*]' COLUMNS (value BIGINT PATH '$'))"


@compiles(json_ids, "postgresql")
def _on_postgresql(element: json_ids, compiler: SQLCompiler, **kw: Any) -> str:
    array = compiler.process(element.clauses, **kw)
    rows = f"jsonb_array_elements_text(CAST({array} AS JSONB))"
    # The array is a parameter, or another expression that was compiled.
    return f"(SELECT CAST(one AS BIGINT) AS value FROM {rows} AS one)"  # nosec B608


class database_time(GenericFunction[float]):  # noqa: N801
    """Seconds since 1970 by the clock of the database, whatever its time zone."""

    type = Float()
    inherit_cache = True


@compiles(database_time, "sqlite")
def _julian(element: database_time, compiler: SQLCompiler, **kw: Any) -> str:
    return "(julianday('now') - 2440587.5) * 86400.0"


@compiles(database_time, "mysql", "mariadb")
def _timestamp(element: database_time, compiler: SQLCompiler, **kw: Any) -> str:
    return "TIMESTAMPDIFF(MICROSECOND, '1970-01-01 00:00:00', UTC_TIMESTAMP(6)) / 1000000"


@compiles(database_time, "postgresql")
def _epoch(element: database_time, compiler: SQLCompiler, **kw: Any) -> str:
    return "CAST(EXTRACT(EPOCH FROM statement_timestamp()) AS DOUBLE PRECISION)"


class unindexed(GenericFunction[Any]):  # noqa: N801
    """A column by itself, so that SQLite looks for it in no index."""

    inherit_cache = True


@compiles(unindexed)
def _with_sign(element: unindexed, compiler: SQLCompiler, **kw: Any) -> str:
    return f"+{compiler.process(element.clauses, **kw)}"


@compiles(unindexed, "postgresql")
def _plain(element: unindexed, compiler: SQLCompiler, **kw: Any) -> str:
    return compiler.process(element.clauses, **kw)


def by_index(statement: Select[Any], table: Table, index: str) -> Select[Any]:
    """The statement with an index of a table: a database that guesses may read the whole table."""
    hint = f"FORCE INDEX ({index})"
    return statement.with_hint(table, hint, "mysql").with_hint(table, hint, "mariadb")


def bytes_of(connection: Connection, table: Table) -> int | None:
    """The size of a table with its indexes; None: the database does not tell."""
    if connection.dialect.name == "sqlite":
        return None
    size = (
        "SELECT pg_total_relation_size(to_regclass(:name))"
        if connection.dialect.name == POSTGRESQL
        else "SELECT data_length + index_length FROM information_schema.tables "
        "WHERE table_schema = DATABASE() AND table_name = :name"
    )
    found = connection.scalar(text(size), {"name": table.name})
    return None if found is None else int(found)
