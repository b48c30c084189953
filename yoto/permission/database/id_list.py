"""Any number of ids as one parameter of a statement: a JSON array that the database unpacks.

An ``IN`` list of ten thousand would be that many parameters, past SQLite's limit on many builds,
and text to be made and parsed at each call.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from sqlalchemy import Select, String, bindparam, column, literal, select
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import GenericFunction
from sqlalchemy.sql.selectable import TableValuedAlias

from yoto.store.columns import Id


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


def id_rows(parameter: str) -> TableValuedAlias:
    """The ids in the JSON array ``parameter``, as a table with the column ``value``.

    Use it first in outer joins: that fixes the order. Joined freely it may end up in an inner
    loop, where it is unpacked again for each row outside.
    """
    array = json_ids(bindparam(parameter, type_=String()))
    return array.table_valued(column("value", Id), name=parameter)


def ids_in(parameter: str) -> Select[Any]:
    """The ids in the JSON array ``parameter``, as a subquery to use with ``in_``."""
    return select(id_rows(parameter).c.value)


def these_ids(ids: Iterable[int]) -> Select[Any]:
    """Ids that are known when the statement is made, as a subquery to use with ``in_``."""
    rows = json_ids(literal(id_array(ids), String()))
    return select(rows.table_valued(column("value", Id), name="known").c.value)


def id_array(ids: Iterable[int]) -> str:
    """The value of the parameter."""
    return json.dumps(list(ids))
