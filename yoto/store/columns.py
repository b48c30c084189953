"""The column types that all databases share, and the base of the platform's own tables."""

from __future__ import annotations

import enum
from datetime import UTC, datetime
from typing import Annotated, Any, ClassVar

from sqlalchemy import BigInteger, Column, DateTime, Enum, Integer, MetaData, String, Table
from sqlalchemy.dialects import mysql
from sqlalchemy.engine import Dialect
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.orm import DeclarativeBase, mapped_column, registry
from sqlalchemy.schema import CreateColumn
from sqlalchemy.types import TypeDecorator, TypeEngine

# Every constraint has a name that can be derived, so that migrations can drop it on any database.
NAMING_CONVENTION = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_name)s",
    "pk": "pk_%(table_name)s",
}

# Texts are compared byte by byte on every database, spaces at the end included: SQLite does so by
# default, MariaDB needs this collation. Tables are made by migrations, which give the database this
# collation (MySQL has it by another name): new ones need not state charset and collation. On
# PostgreSQL texts of a table with these options have the collation "C" each.
MYSQL_OPTIONS = {"mysql_charset": "utf8mb4", "mysql_collate": "utf8mb4_nopad_bin"}
EXACT = "C"
# Key of the ``info`` of tables that have their first rows as soon as they are made.
FILLED = "filled"


class UtcDateTime(TypeDecorator[datetime]):
    """An aware ``datetime`` in UTC, with microseconds; stored without zone, but on PostgreSQL."""

    impl = DateTime
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[datetime]:
        if dialect.name in ("mysql", "mariadb"):
            return dialect.type_descriptor(mysql.DATETIME(fsp=6))
        return dialect.type_descriptor(DateTime(timezone=dialect.name == "postgresql"))

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a datetime without a zone cannot be stored")
        value = value.astimezone(UTC)
        return value if dialect.name == "postgresql" else value.replace(tzinfo=None)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


@compiles(CreateColumn, "postgresql")
def _compare_exactly(element: CreateColumn, compiler: Any, **kw: Any) -> str:
    text: str = compiler.visit_create_column(element, **kw)
    column = element.element
    exact = column.table.dialect_kwargs.get("mysql_collate") == MYSQL_OPTIONS["mysql_collate"]
    if text and exact and isinstance(column.type, String) and column.type.collation is None:
        text += f' COLLATE "{EXACT}"'
    return text


# SQLite numbers rows by itself only for a column declared INTEGER.
Id = BigInteger().with_variant(Integer, "sqlite")
PrimaryKey = Annotated[int, mapped_column(Id, primary_key=True, autoincrement=True)]


def utcnow() -> datetime:
    """The current time, aware, in UTC."""
    return datetime.now(UTC)


TYPES: dict[Any, Any] = {datetime: UtcDateTime(), int: Id}


class Model(DeclarativeBase):
    """Base of the platform's own tables."""

    __table__: ClassVar[Table]

    registry = registry(
        metadata=MetaData(naming_convention=NAMING_CONVENTION), type_annotation_map=TYPES
    )


def string_enum(kind: type[enum.StrEnum]) -> Enum:
    """A column of the *values* of ``kind`` as text with a CHECK, the same on each database."""
    return Enum(
        kind,
        native_enum=False,
        create_constraint=True,
        length=16,
        name=kind.__name__.lower(),
        values_callable=lambda members: [member.value for member in members],
    )


def longest(column: Column[Any]) -> int:
    """The most characters that a text column takes."""
    if not isinstance(column.type, String) or column.type.length is None:
        raise TypeError(f"{column} is no text of bounded length")
    return column.type.length
