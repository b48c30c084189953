"""The platform's read-only models of the application's own tables, under its own names.

The platform owns no people and no places. The application declares where they are (see
``yoto.store.declarations``); statements are written with these classes, which only read. Where the
application has tables of the same names and columns, they are compiled to just these; otherwise
each is compiled to a query that gives the columns their names, and without a declaration to one
that finds nothing.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any, ClassVar

from sqlalchemy import JSON, MetaData, String, Table
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, registry
from sqlalchemy.sql.compiler import SQLCompiler

from yoto.store.columns import TYPES, PrimaryKey
from yoto.store.declarations import source_of


class DeclaredTable(Table):
    """A table of the application's, as the platform calls it."""

    inherit_cache = True


@compiles(DeclaredTable)
def _read(
    element: DeclaredTable,
    compiler: SQLCompiler,
    asfrom: bool = False,
    enclosing_alias: Any = None,
    **kwargs: Any,
) -> str:
    source = source_of(compiler.dialect, element) if asfrom else None
    if source is None:
        plain: Any = compiler.visit_table
        return str(plain(element, asfrom=asfrom, enclosing_alias=enclosing_alias, **kwargs))
    if enclosing_alias is not None and enclosing_alias.element is element:
        return source
    return f"{source} AS {compiler.preparer.quote(element.name)}"


class Declared(DeclarativeBase):
    """Base of the classes here; none of their tables is ever made or written."""

    __table__: ClassVar[Table]

    registry = registry(metadata=MetaData(), type_annotation_map=TYPES)

    @classmethod
    def __table_cls__(cls, *args: Any, **kwargs: Any) -> DeclaredTable:
        return DeclaredTable(*args, **kwargs)


class User(Declared):
    """Somebody who may be allowed something.

    ``username`` is unique; ``token_epoch`` is raised when credentials that were made before count
    no longer; ``clearance`` (0 to 4) and ``created_at`` are for policies.
    """

    __tablename__ = "users"

    id: Mapped[PrimaryKey]
    username: Mapped[str] = mapped_column(String(256))
    display_name: Mapped[str] = mapped_column(String(256))
    external_id: Mapped[str | None] = mapped_column(String(256))
    disabled: Mapped[bool]
    super_admin: Mapped[bool]
    token_epoch: Mapped[int]
    clearance: Mapped[int]
    created_at: Mapped[datetime | None]


class Server(Declared):
    """A place that people belong to."""

    __tablename__ = "servers"

    id: Mapped[PrimaryKey]
    name: Mapped[str] = mapped_column(String(256))
    owner_id: Mapped[int]
    public: Mapped[bool]
    time_zone: Mapped[str] = mapped_column(String(64))
    access_hours: Mapped[Any | None] = mapped_column(JSON(none_as_null=True))
    blocked_networks: Mapped[Any | None] = mapped_column(JSON(none_as_null=True))
    device_required: Mapped[bool]


class Member(Declared):
    """Somebody in a server; a banned row is not a membership."""

    __tablename__ = "members"

    id: Mapped[PrimaryKey]
    server_id: Mapped[int]
    user_id: Mapped[int]
    timeout_until: Mapped[datetime | None]
    banned: Mapped[bool]
    joined_at: Mapped[datetime | None]


class Category(Declared):
    """A heading over channels; channels in sync take over its overwrites."""

    __tablename__ = "categories"

    id: Mapped[PrimaryKey]
    server_id: Mapped[int]
    name: Mapped[str] = mapped_column(String(256))
    position: Mapped[int]


class Channel(Declared):
    """A place in a server."""

    __tablename__ = "channels"

    id: Mapped[PrimaryKey]
    server_id: Mapped[int]
    category_id: Mapped[int | None]
    name: Mapped[str] = mapped_column(String(256))
    external_id: Mapped[str | None] = mapped_column(String(256))
    kind: Mapped[str] = mapped_column(String(16))
    position: Mapped[int]
    synced: Mapped[bool]
    sensitivity: Mapped[int]
    hours: Mapped[Any | None] = mapped_column(JSON(none_as_null=True))


class Message(Declared):
    """A message in a channel."""

    __tablename__ = "messages"

    id: Mapped[PrimaryKey]
    channel_id: Mapped[int]
    deleted_at: Mapped[datetime | None]
