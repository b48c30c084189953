"""The first statement of a load: the sites of places, and people's membership status there.

One row for each person in each place: one rung of the way up after the other (the expected id, the
id that exists, its owner, the node whose overwrites are in force), then the person.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from flask import current_app
from sqlalchemy import (
    ColumnElement,
    FromClause,
    Select,
    and_,
    bindparam,
    case,
    false,
    func,
    literal,
    null,
    or_,
    select,
    true,
    type_coerce,
)

from yoto.nodes import APPLICATIONS, GLOBAL_KIND
from yoto.permission.database.statements import id_rows, programs, users
from yoto.store.columns import Id
from yoto.store.declarations import declarations_of
from yoto.store.people import USERS
from yoto.store.resources import Chain, ResourceTypes, Rung, chain_of

IDS = "user_ids"
PLACE_ID, PLACE_IDS, ABOVE_ID = "place_id", "place_ids", "above_id"
USER_ID: ColumnElement[int] = bindparam("user_id", type_=Id)
RUNG, PERSON = 4, 7  # columns of a rung, and of a person


class PlacesSql(NamedTuple):
    """A statement and its rungs."""

    statement: Select[Any]
    chain: Chain


def places_sql(types: ResourceTypes, kind: str, *, many: bool, which: str = PLACE_ID) -> PlacesSql:
    """The statement for places of one kind.

    Args:
        many: for the people ``IDS``, instead of ``USER_ID``.
        which: the place ``PLACE_ID``, the places ``PLACE_IDS``, or all below a node: its type, with
            the id ``ABOVE_ID``.
    """
    key = "places", kind, many, which
    if key not in types.made:
        types.made[key] = _made(types, kind, many, which)
    found: PlacesSql = types.made[key]
    return found


def _made(types: ResourceTypes, kind: str, many: bool, which: str) -> PlacesSql:
    # The question is a row, to which the joins connect: so no table stands unconnected.
    given: list[ColumnElement[Any]] = [type_coerce(USER_ID, Id).label("user_id")]
    if many:
        given = [literal(1).label("one")]
    if kind != GLOBAL_KIND and which == PLACE_ID:
        type_ = types.get(kind).id.type
        given.append(type_coerce(bindparam(PLACE_ID, type_=type_), type_).label(PLACE_ID))
    row = select(*given).subquery("asked")
    start: FromClause = row
    asked: ColumnElement[int] = literal(0)
    if many:
        ids = id_rows(IDS)
        start, asked = row.outerjoin(ids, true()), ids.c.value
    else:
        asked = row.c.user_id
    source, chain, condition = _places(types, kind, which, start, row)
    source = source.outerjoin(users, users.c.id == asked)
    source = source.outerjoin(programs, programs.c.id == asked - APPLICATIONS)
    columns: list[ColumnElement[Any]] = [
        (null() if chain.too_deep is None else chain.too_deep).label("too_deep")
    ]
    for rung in chain.rungs:
        columns += [rung.expected, rung.id, _owner(rung), _or_null(rung.synced)]
    columns += [
        asked,
        func.coalesce(users.c.id, programs.c.id),
        func.coalesce(users.c.disabled, programs.c.disabled),
        users.c.super_admin,
        programs.c.id,
    ]
    # A place has at most one of several homes.
    banned: list[ColumnElement[Any]] = []
    until: list[ColumnElement[Any]] = []
    for home in chain.homes:
        declared = home.type.members
        assert declared is not None
        members = declared.table.alias()
        here = and_(
            members.c[str(declared.node.key)] == home.id,
            members.c[str(declared.person.key)] == own_id(asked),
        )
        source = source.outerjoin(members, here)
        rung = Rung(home.type, members, home.expected)
        there = members.c[str(declared.node.key)].is_not(None)
        # NULL for a person without a row.
        says = false() if declared.banned is None else rung.of(declared.banned)
        banned.append(case((there, says)))
        if declared.timeout_until is not None:
            until.append(rung.of(declared.timeout_until))
    columns += [_first(banned), _first(until)]
    named = [column.label(f"c{number}") for number, column in enumerate(columns)]
    statement = select(*named).select_from(source)
    return PlacesSql(statement if condition is None else statement.where(condition), chain)


def _places(
    types: ResourceTypes, kind: str, which: str, start: FromClause, row: FromClause
) -> tuple[FromClause, Chain, ColumnElement[bool] | None]:
    if kind == GLOBAL_KIND:
        return start, Chain((), None), None
    declared = types.get(kind)
    if which == PLACE_ID:
        chain = chain_of(types, kind, row.c[PLACE_ID])
        return chain.join(start), chain, None
    base = declared.table.alias()
    chain = chain_of(types, kind, base.c[declared.key], base)
    condition: ColumnElement[bool]
    if which == PLACE_IDS:
        ids: Any = bindparam(PLACE_IDS, type_=declared.id.type, expanding=True)
        condition = base.c[declared.key].in_(ids)
    else:
        above: Any = bindparam(ABOVE_ID, type_=types.get(which).id.type)
        at = [rung.id == above for rung in chain.rungs[1:] if rung.type.name == which]
        condition = or_(*at)
    source = start.join(base, true())
    for rung in chain.rungs[1:]:
        source = source.outerjoin(rung.alias, rung.id == rung.expected)
    return source, chain, condition


def own_id(number: ColumnElement[int]) -> ColumnElement[Any]:
    """The application's own id of a person, from their number."""
    declared = declarations_of(current_app).tables.get(USERS)
    if declared is None or declared.numbers is None:
        return number
    keys = declared.numbers.alias()
    return select(keys.c.key).where(keys.c.id == number).scalar_subquery()


def person_number(own: ColumnElement[Any]) -> ColumnElement[int]:
    """The number of a person, from the application's own id."""
    declared = declarations_of(current_app).tables.get(USERS)
    if declared is None or declared.numbers is None:
        return own
    keys = declared.numbers.alias()
    return select(keys.c.id).where(keys.c.key == own).scalar_subquery()


def _owner(rung: Rung) -> ColumnElement[Any]:
    if rung.type.owner is None:
        return null()
    owner = rung.of(rung.type.owner)
    return owner if rung.type.registered else person_number(owner)


def _first(columns: list[ColumnElement[Any]]) -> ColumnElement[Any]:
    if not columns:
        return null()
    return columns[0] if len(columns) == 1 else func.coalesce(*columns, type_=columns[0].type)


def _or_null(column: ColumnElement[Any] | None) -> ColumnElement[Any]:
    return null() if column is None else column
