"""The tables of an application's people, and numbers for people whose ids are no numbers.

Inside, everybody is a 64-bit number: keys of the cache, rows, masks of many people at once. Where
the application's ids are something else (UUIDs, short texts), a table of the platform gives each
its number, and statements join it: see ``yoto.store.models.person``.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping
from typing import Any

from flask import Flask
from sqlalchemy import (
    Column,
    ColumnElement,
    Connection,
    MetaData,
    String,
    Table,
    Uuid,
    cast,
    false,
    func,
    inspect,
    literal,
    select,
    text,
    true,
)
from sqlalchemy.types import TypeEngine

from yoto.errors import ConfigurationError
from yoto.store.asked import DEADLINE, MAX_AGE, Asked, Attributes, Facts, provided
from yoto.store.columns import Id
from yoto.store.declarations import Declaration, declarations_of, table_of
from yoto.store.models.person import KnownPerson

USERS = "users"
KEYS = "yoto_subjects"

# Values for a person with NULL in a column, and for all where no column is given.
_UNKNOWN: Mapping[str, ColumnElement[bool]] = {"disabled": true(), "super_admin": false()}
_DEFAULTS: Mapping[str, Any] = {
    "disabled": false(),
    "super_admin": false(),
    "token_epoch": literal(0, Id),
    "clearance": literal(0, Id),
}
# In the schema of the table, or where the connection finds it.
_COLLATION = (
    "SELECT collation_name FROM information_schema.columns WHERE table_name = :table"
    " AND column_name = :column AND table_schema = COALESCE(:schema, DATABASE())"
)
_COLLATION_ON_POSTGRESQL = (
    "SELECT collation_name FROM information_schema.columns WHERE table_name = :table"
    " AND column_name = :column AND table_schema = ANY (CASE WHEN"
    " CAST(:schema AS TEXT) IS NULL THEN CAST(current_schemas(false) AS TEXT[])"
    " ELSE ARRAY[CAST(:schema AS TEXT)] END)"
)
# The types of ids that a function may know people by; None: ids are numbers already.
_KEYS: Mapping[type[Any], TypeEngine[Any] | None] = {
    int: None,
    uuid.UUID: Uuid(),
    str: String(255),
}


def people(
    model: Any,
    *,
    id: Any = None,
    name: Any = None,
    display_name: Any = None,
    disabled: Any = None,
    super_admin: Any = None,
    epoch: Any = None,
    clearance: Any = None,
    created_at: Any = None,
    attributes: Iterable[str] | Mapping[str, Any] | Attributes | Asked = (),
) -> Declaration:
    """The application's people, a mapped class of its own.

    Args:
        id: the column of their ids: integers, UUIDs or texts; by default the primary key.
        name: a name that is unique; by default the id.
        display_name: a name to show; by default ``name``.
        disabled: where true, the person may do nothing; by default false.
        super_admin: where true, the person may do everything; by default false.
        epoch: an integer that grows when credentials that were made before count no longer.
        clearance: their level of trust, 0 to 4; by default 0.
        created_at: when the account was made, in UTC; by default unknown.
        attributes: columns for policies, or names with columns or expressions; or a function that
            gives them, see ``attributes_by``.

    Each is the name of an attribute, or an expression of columns: ``disabled=~User.active``.

    Raises:
        ConfigurationError: a class without a table, or a name that is no column of it.
    """
    table = table_of(model)
    ids = _column(model, "id", id) if id is not None else _primary_key(table)
    key = subject_table(ids.type) if not _is_number(ids.type) else None
    shown = _column(model, "name", name) if name is not None else cast(ids, String(256))
    columns: dict[str, ColumnElement[Any]] = {
        "id": ids if key is None else key.c.id,
        "username": shown,
        "display_name": shown if display_name is None else _column(model, "name", display_name),
    }
    if key is not None:
        columns["external_id"] = cast(ids, String(256))
    given = {
        "disabled": disabled,
        "super_admin": super_admin,
        "token_epoch": epoch,
        "clearance": clearance,
        "created_at": created_at,
    }
    for column, value in given.items():
        if value is not None:
            columns[column] = _column(model, column, value)
            # An unknown flag means that a person may do nothing, rather than everything.
            if column in _UNKNOWN:
                columns[column] = func.coalesce(columns[column], _UNKNOWN[column])
        elif column in _DEFAULTS:
            columns[column] = _DEFAULTS[column]
    source = None if key is None else table.join(key, key.c.key == ids)
    by = provided(attributes)
    shown_to = {} if by is not None else _attributes(model, attributes)
    return Declaration(table, columns, source, ids, key, attributes=shown_to, attributes_by=by)


def people_by(
    function: Facts,
    *,
    ids: type[Any],
    max_age: float = MAX_AGE,
    deadline: float = DEADLINE,
    attributes: Attributes | Asked | None = None,
) -> Declaration:
    """People from a function of the application: in a directory, or in another database.

    Args:
        function: given a list of ids, at most 1,000, gives a mapping from the known ones to
            ``PersonFacts``; the others are unknown. It is called in a thread of its own, in an app
            context and outside of any request.
        ids: the type of their ids: ``int``, ``uuid.UUID`` or ``str`` (up to 255 characters).
        max_age: seconds for which a response counts, unless ``people_changed`` ends it before.
        deadline: seconds that a response may take; a later one counts as none.
        attributes: the function that gives their attributes for policies, see ``attributes_by``.

    Raises:
        ConfigurationError: no function, another type, or a value that is no time.
    """
    asked = Asked.checked("users", function, max_age, deadline)
    if ids not in _KEYS:
        raise ConfigurationError("users", f"ids: must be int, uuid.UUID or str, not {ids!r}")
    type_ = _KEYS[ids]
    key = None if type_ is None else subject_table(type_)
    table = KnownPerson.__table__
    known = select(*table.c).where(table.c.present == true()).subquery("known")
    columns: dict[str, ColumnElement[Any]] = {
        "id": known.c.id,
        "username": known.c.name,
        "display_name": known.c.name,
        "disabled": known.c.disabled,
        "super_admin": known.c.super_admin,
        "token_epoch": known.c.epoch,
        "clearance": _DEFAULTS["clearance"],
    }
    if key is not None:
        columns["external_id"] = cast(key.c.key, String(256))
    return Declaration(
        table,
        columns,
        source=known if key is None else known.join(key, key.c.id == known.c.id),
        ids=table.c.id if key is None else key.c.key,
        numbers=key,
        asked=asked,
        attributes_by=provided(attributes),
    )


def subject_table(type_: TypeEngine[Any]) -> Table:
    """The table of numbers, with keys of this type."""
    return Table(
        KEYS, MetaData(), Column("id", Id, primary_key=True), Column("key", type_, unique=True)
    )


def key_type(app: Flask, connection: Connection) -> TypeEngine[Any]:
    """The type of the ids of the people of ``app``; a number where it has declared none.

    A text has a collation, which defines equality: ids must be distinct here exactly where they
    are distinct there.

    Raises:
        ValueError: their table does not exist yet.
    """
    declared = declarations_of(app).tables.get(USERS)
    if declared is None or declared.ids is None:
        return Id
    type_ = declared.ids.type
    if not isinstance(type_, String) or connection.dialect.name == "sqlite":
        return type_
    if declared.asked is not None:
        return type_  # the function alone decides who is the same, and the table compares exactly
    table = declared.table
    # The description of the table lacks its own defaults.
    on_postgresql = connection.dialect.name == "postgresql"
    found = connection.scalars(
        text(_COLLATION_ON_POSTGRESQL if on_postgresql else _COLLATION),
        {"table": table.name, "column": declared.ids.name, "schema": table.schema},
    ).all()
    if found and found[0] is None and on_postgresql:
        return type_  # the database's own, by which texts are equal that have the same bytes
    [collation] = found[:1] or [None]
    if collation is None:
        raise ValueError(f"make the table '{table.name}' first, which has the people")
    return String(type_.length, collation=collation)


def _is_number(type_: TypeEngine[Any]) -> bool:
    try:
        return issubclass(type_.python_type, int)
    except NotImplementedError:
        return False


def _primary_key(table: Table) -> Column[Any]:
    keys = list(table.primary_key.columns)
    if len(keys) != 1:
        raise ConfigurationError("users", f"'{table.name}' has {len(keys)} key columns: say 'id'")
    return keys[0]


def _attributes(model: Any, attributes: Any) -> dict[str, ColumnElement[Any]]:
    if not isinstance(attributes, Mapping):
        attributes = {name: name for name in attributes}
    return {name: _column(model, "attributes", one) for name, one in attributes.items()}


def _column(model: Any, what: str, given: Any) -> ColumnElement[Any]:
    if isinstance(given, str):
        columns = inspect(model).columns
        if given not in columns:
            raise ConfigurationError("users", f"{what}: '{given}' is no column of {model.__name__}")
        found: ColumnElement[Any] = columns[given]
        return found
    expression = getattr(given, "__clause_element__", lambda: given)()
    if not isinstance(expression, ColumnElement):
        raise ConfigurationError(
            "users", f"{what}: neither a column nor the name of one: {given!r}"
        )
    return expression._deannotate() if hasattr(expression, "_deannotate") else expression
