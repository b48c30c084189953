"""Declares the application's tables that the platform reads: its people, and its places.

The application declares them once, by mapped class and column, and the platform's statements join
these tables in SQL. A declaration belongs to the application, and is found by the engines on its
database: two applications in one process may keep their people in different tables.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from flask import Flask
from sqlalchemy import (
    Column,
    ColumnElement,
    FromClause,
    Select,
    Table,
    false,
    inspect,
    null,
    select,
    type_coerce,
)
from sqlalchemy.engine import Dialect, Engine
from sqlalchemy.sql import visitors

from yoto.errors import ConfigurationError
from yoto.store.asked import Asked
from yoto.store.db import on_engine

EXTENSION = "yoto.declarations"


@dataclass(frozen=True)
class Declaration:
    """One table of the application's.

    Attributes:
        table: the table itself.
        columns: from the platform's name of each column to the column there.
        source: the query that the table is read from; None: the table itself.
        ids: for people, the column of the application's own ids.
        numbers: the table that has a number for each of these; None: they are numbers.
        asked: for people, the function that knows them, whose last reports are in ``table``;
            None: the table is the application's.
        attributes: for people, columns that policies read, by name.
        attributes_by: for people, the function that gives these attributes instead.
    """

    table: Table
    columns: Mapping[str, ColumnElement[Any]]
    source: FromClause | None = None
    ids: ColumnElement[Any] | None = None
    numbers: Table | None = None
    asked: Asked | None = None
    attributes: Mapping[str, ColumnElement[Any]] = field(default_factory=dict)
    attributes_by: Asked | None = None

    def read(self, table: Table) -> Select[Any]:
        """The columns under the names of the platform's ``table``; NULL for one not declared."""
        columns: list[Any] = [
            self.columns.get(one.key, type_coerce(null(), one.type)).label(one.key)
            for one in table.c
        ]
        read = select(*columns)
        source = self.table if self.source is None else self.source
        return read.select_from(source) if self.columns else read

    def stands_for(self, table: Table) -> bool:
        """Whether ``table``, as the platform calls it, is this one by name and columns."""
        return (
            self.source is None
            and (self.table.name, self.table.schema) == (table.name, None)
            and all(
                name in self.columns and self.columns[name] is self.table.c.get(name)
                for name in table.c.keys()
            )
        )

    def behind(self, name: str) -> frozenset[str]:
        """The columns of the application's table that a column of the platform's is made of."""
        given = self.columns.get(name)
        found = () if given is None else visitors.iterate(given)
        return frozenset(
            str(one.key) for one in found if isinstance(one, Column) and one.table is self.table
        )


@dataclass
class Declarations:
    """The declarations of one application.

    Attributes:
        tables: by the platform's name of the table.
        app: the application; its control plane may be another one, which reads these too.
        roles: the function that provides roles; None: there is none.
        named_roles: global roles that the code gives by name, lowest first, with the names of what
            each allows.
    """

    tables: dict[str, Declaration] = field(default_factory=dict)
    app: Flask | None = None
    roles: Asked | None = None
    named_roles: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    _texts: dict[str, str | None] = field(default_factory=dict)

    def text_of(self, table: Table, dialect: Dialect) -> str | None:
        """The SQL source of ``table``; None: the table of that name."""
        if table.name not in self._texts:
            self._texts[table.name] = self._text_of(table, dialect)
        return self._texts[table.name]

    def _text_of(self, table: Table, dialect: Dialect) -> str | None:
        declared = self.tables.get(table.name)
        if declared is not None and declared.stands_for(table):
            return None
        if declared is None:
            declared = Declaration(table, {})
            return f"({_written(declared.read(table).where(false()), dialect)})"
        return f"({_written(declared.read(table), dialect)})"


# Key on a dialect, which is an engine's own: statements are compiled for it.
DECLARED = "yoto_declarations"


def source_of(dialect: Dialect, table: Table) -> str | None:
    """The source of a declared table on a dialect; None: the table of that name."""
    declared: Declarations | None = getattr(dialect, DECLARED, None)
    return None if declared is None else declared.text_of(table, dialect)


def declarations_of(app: Flask) -> Declarations:
    """The declarations of ``app``; empty without any."""
    found: Declarations = app.extensions.get(EXTENSION) or Declarations()
    return found


def declare(
    app: Flask,
    *,
    roles: Asked | None = None,
    named_roles: Mapping[str, tuple[str, ...]] | None = None,
    **tables: Declaration,
) -> None:
    """Say where tables that the platform reads are; those that are left out are empty.

    Args:
        roles: the function that provides roles.
        named_roles: see ``Declarations``.
        tables: by the platform's name (see ``yoto.store.models.declared``).
    """
    declarations = Declarations(tables, app, roles, named_roles or {})
    app.extensions[EXTENSION] = declarations

    def declare(engine: Engine) -> None:
        setattr(engine.dialect, DECLARED, declarations)

    on_engine(app, declare)


def same(model: Any) -> Declaration:
    """A mapped class whose columns have the names that the platform calls them by."""
    table = table_of(model)
    return Declaration(table, dict(table.c.items()))


def table_of(model: Any) -> Table:
    """The table of a mapped class.

    Raises:
        ConfigurationError: it has none.
    """
    mapper = inspect(model, raiseerr=False)
    table = getattr(mapper, "local_table", None)
    if not isinstance(table, Table):
        raise ConfigurationError("users", f"{model!r} is mapped to no table")
    return table


def _written(statement: Select[Any], dialect: Dialect) -> str:
    return str(statement.compile(dialect=dialect, compile_kwargs={"literal_binds": True}))
