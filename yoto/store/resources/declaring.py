"""Declaring a type of resources over a mapped class."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from flask import Flask
from sqlalchemy import Column, ColumnElement, Table, case, inspect, select

from yoto.errors import ConfigurationError
from yoto.store.asked import Asked, Attributes, provided
from yoto.store.declarations import declarations_of, table_of
from yoto.store.models import Resource
from yoto.store.people import USERS
from yoto.store.resources.types import Members, Parent, ResourceType, Sync, types_of

# The default of ``nested``: nodes of one type below each other.
NESTED = 8
MOST_NESTED = 24
_IDS = (int, uuid.UUID, str)


def declare_resource(
    app: Flask,
    name: str,
    model: Any = None,
    *,
    parent: str | Iterable[str] | Mapping[str, str] | None = None,
    owner: Any = None,
    members: Any = None,
    banned: Any = None,
    timeout_until: Any = None,
    remaining: Iterable[str] = (),
    gate: str | None = None,
    administrator: str | None = None,
    audit: str | None = None,
    approver: str | None = None,
    shares: Mapping[str, Iterable[str]] | None = None,
    label: Any = None,
    shared: str = "members",
    sync: tuple[str, Any] | tuple[str, Any, Any] | None = None,
    attributes: Iterable[str] | Mapping[str, Any] | Attributes | Asked = (),
    id: Any = None,
    nested: int | None = None,
    askable: bool = True,
) -> ResourceType:
    """Declare rows of ``model`` as resources, by the name of a type.

    Args:
        model: a mapped class; None: its nodes are registered one by one, by ids that are texts
            (``permissions.put_resource``), and ``parent`` names the types that they may be below.
        parent: the column with the id of the node above, or several, of which the first with a
            value counts. The foreign key gives the type; where there is none, give a mapping from
            type to column. A column that refers to its own table nests.
        owner: the column with the id of the person who may do everything there.
        members: the mapped class of a node's members. Its columns are found by their foreign
            keys; or give ``(class, node's column, person's column)``.
        banned, timeout_until: columns or expressions of that class.
        label: the column, or expression, with the name that people know a node by; operators find
            it by this, or by its id alone.
        remaining: permissions that a member in a time-out keeps; for types that have members.
        shares: permissions, each with the declared roles (``Yoto(roles=...)``) that its holders at
            a node give and take there, if they may do all that the role allows themselves.
        gate, administrator, audit, approver, shared: see ``ResourceType``; ``shared`` is
            ``"members"`` or ``"anyone"``.
        sync: ``(type, column)`` of the node whose overwrites are in force in place of the node's
            own, with a condition as a third, where there is one.
        attributes: columns for policies, or names with columns or expressions; or a function that
            gives them, see ``attributes_by``.
        id: the column of the ids, by default the primary key: integers, UUIDs or texts.
        nested: the most nodes of the type one below the other (at most 24).
        askable: False: it has only overwrites, and is never checked.

    Raises:
        ConfigurationError: the declaration is invalid, with the reason.
    """
    types = types_of(app)
    if audit is not None and members is None:
        raise ConfigurationError("resource", f"audit: nobody belongs to a {name}")
    remaining = tuple(remaining)
    if remaining and model is not None and members is None:
        raise ConfigurationError("resource", f"remaining: nobody belongs to a {name}")
    if shared not in ("members", "anyone"):
        raise ConfigurationError("resource", f"shared: 'members' or 'anyone', not {shared!r}")
    sharing = _shares(app, shares)
    by = provided(attributes)
    columns: Any = () if by is not None else attributes
    if model is None:
        others = (owner, members, label, banned, timeout_until, sync, id, *columns, *remaining)
        if any(one is not None for one in others):
            raise ConfigurationError("resource", f"'{name}' has no class that has columns")
        declared = _registered(app, name, parent, nested)
        if by is not None:
            raise ConfigurationError(
                "resource", f"attributes: of a {name}, put_resource takes them"
            )
        declared = replace(
            declared,
            gate=gate,
            administrator=administrator,
            approver=approver,
            shares=sharing,
            shared=shared == "anyone",
            askable=askable,
        )
        types.add(declared)
        return declared
    table = table_of(model)
    key = _column(model, id) if id is not None else _primary_key(table)
    id_type = _id_type(name, key)
    parents = tuple(_parents(app, model, name, parent))
    declared = ResourceType(
        name=name,
        model=model,
        table=table,
        id=key,
        id_type=id_type,
        parents=parents,
        owner=None if owner is None else _expression(model, owner),
        members=_members(app, table, members, banned, timeout_until),
        sync=_sync(model, sync),
        gate=gate,
        administrator=administrator,
        audit=audit,
        approver=approver,
        shares=sharing,
        label=None if label is None else _expression(model, label),
        remaining=remaining,
        shared=shared == "anyone",
        attributes=_attributes(model, columns),
        attributes_by=by,
        nested=_depth(nested, any(one.type == name for one in parents)),
        askable=askable,
    )
    types.add(declared)
    return declared


def _registered(app: Flask, name: str, parent: Any, nested: int | None) -> ResourceType:
    """A type whose nodes are rows of the platform's own."""
    rows = Resource.__table__.c
    above = [parent] if isinstance(parent, str) else list(parent or ())
    ids: dict[str, type[Any]] = {name: str}
    for one in above:
        found = types_of(app).find(one)
        if found is None and one != name:
            raise ConfigurationError("resource", f"declare '{one}' before '{name}'")
        if found is not None:
            ids[one] = found.id_type
    by_type = {int: rows.parent_number, uuid.UUID: rows.parent_uuid, str: rows.parent_text}
    table = (
        select(
            rows.id.label("id"),
            rows.owner_id.label("owner_id"),
            *(
                case((rows.parent_type == one, by_type[ids[one]])).label(f"in_{one}")
                for one in above
            ),
        )
        .where(rows.type == name)
        .subquery(f"registered_{name}")
    )
    return ResourceType(
        name=name,
        model=None,
        table=table,
        id=table.c.id,
        id_type=str,
        parents=tuple(Parent(one, table.c[f"in_{one}"]) for one in above),
        owner=table.c.owner_id,
        nested=_depth(nested, name in above),
        registered=True,
    )


def _shares(app: Flask, shares: Any) -> dict[str, tuple[str, ...]]:
    if shares is None:
        return {}
    if not isinstance(shares, Mapping):
        raise ConfigurationError(
            "resource", f"shares: a mapping from a permission to names of roles, not {shares!r}"
        )
    known = declarations_of(app).named_roles
    found: dict[str, tuple[str, ...]] = {}
    for permission, roles in shares.items():
        if not isinstance(permission, str) or isinstance(roles, str):
            raise ConfigurationError(
                "resource", f"shares: {permission!r}: give a list of names of roles, not {roles!r}"
            )
        found[permission] = tuple(roles)
        for role in found[permission]:
            if role not in known:
                raise ConfigurationError(
                    "resource", f"shares: {role!r} is no declared role (Yoto(roles=...))"
                )
    return found


def _depth(nested: int | None, nests: bool) -> int:
    """The most nodes of a type one below the other; by default one."""
    depth = (NESTED if nested is None else nested) if nests else 1
    if not 1 <= depth <= MOST_NESTED:
        raise ConfigurationError("resource", f"nested: must be 1 to {MOST_NESTED}")
    return depth


def _parents(app: Flask, model: Any, name: str, parent: Any) -> Iterable[Parent]:
    if parent is None:
        return
    if isinstance(parent, Mapping):
        for type_name, column in parent.items():
            yield Parent(type_name, _column(model, column))
        return
    own = table_of(model)
    for column_name in [parent] if isinstance(parent, str) else parent:
        column = _column(model, column_name)
        targets = {key.column.table for key in column.foreign_keys}
        if own in targets:
            yield Parent(name, column)
            continue
        found = [one for one in types_of(app) if one.table in targets]
        if len(found) != 1:
            raise ConfigurationError(
                "resource",
                f"'{column.key}' of '{name}' refers to no type that is declared before it: "
                "declare that first, or say parent={'type': 'column'}",
            )
        yield Parent(found[0].name, column)


def _members(
    app: Flask, table: Table, members: Any, banned: Any, timeout_until: Any
) -> Members | None:
    if members is None:
        if banned is not None or timeout_until is not None:
            raise ConfigurationError("resource", "say members, whom banned and time-outs are of")
        return None
    model, node, person = members if isinstance(members, tuple) else (members, None, None)
    own = table_of(model)
    declared = declarations_of(app).tables.get(USERS)
    return Members(
        own,
        _column(model, node) if node else _referring(own, table, "the nodes"),
        (
            _column(model, person)
            if person
            else _referring(own, None if declared is None else declared.table, "people")
        ),
        None if banned is None else _expression(model, banned),
        None if timeout_until is None else _expression(model, timeout_until),
    )


def _referring(table: Table, target: Table | None, what: str) -> Column[Any]:
    found = [
        column
        for column in table.c
        if any(key.column.table is target for key in column.foreign_keys)
    ]
    if len(found) != 1:
        raise ConfigurationError(
            "resource",
            f"'{table.name}' has {len(found)} columns that refer to {what}: "
            "say members=(class, node's column, person's column)",
        )
    return found[0]


def _sync(model: Any, sync: Any) -> Sync | None:
    if sync is None:
        return None
    type_name, column, *condition = sync
    value = _expression(model, column)
    in_force = case((_expression(model, condition[0]), value)) if condition else value
    return Sync(type_name, in_force, value)


def _attributes(model: Any, attributes: Any) -> dict[str, ColumnElement[Any]]:
    if isinstance(attributes, Mapping):
        return {name: _expression(model, value) for name, value in attributes.items()}
    return {name: _expression(model, name) for name in attributes}


def _id_type(name: str, key: Column[Any]) -> type[Any]:
    try:
        found = key.type.python_type
    except NotImplementedError:
        found = object
    for kind in _IDS:
        if issubclass(found, kind) and found is not bool:
            return kind
    raise ConfigurationError("resource", f"ids of '{name}' are neither integers, UUIDs nor texts")


def _primary_key(table: Table) -> Column[Any]:
    keys = list(table.primary_key.columns)
    if len(keys) != 1:
        raise ConfigurationError(
            "resource", f"'{table.name}' has {len(keys)} key columns: say 'id'"
        )
    return keys[0]


def _column(model: Any, given: Any) -> Column[Any]:
    found = _expression(model, given)
    if not isinstance(found, Column):
        raise ConfigurationError("resource", f"{given!r} is no column of {model.__name__}")
    return found


def _expression(model: Any, given: Any) -> ColumnElement[Any]:
    if isinstance(given, str):
        columns = inspect(model).columns
        if given not in columns:
            raise ConfigurationError("resource", f"'{given}' is no column of {model.__name__}")
        found: ColumnElement[Any] = columns[given]
        return found
    expression = getattr(given, "__clause_element__", lambda: given)()
    if not isinstance(expression, ColumnElement):
        raise ConfigurationError("resource", f"neither a column nor the name of one: {given!r}")
    return expression._deannotate() if hasattr(expression, "_deannotate") else expression
