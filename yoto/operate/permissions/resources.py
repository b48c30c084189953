"""Search for resources of all types: by name where their type has names, and by id."""

from __future__ import annotations

import uuid
from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Annotated, Any

from marshmallow.validate import Length
from sqlalchemy import ColumnElement, Select, exists, func, literal, or_, select

from yoto.auth.operators import VIEW
from yoto.errors import UnknownResource, ValidationFailed
from yoto.extensions import permissions
from yoto.http.fields import NodeId, declared_id
from yoto.http.operation import Limit, Subject
from yoto.http.paging import PAGE_DEFAULT, Page, page_of
from yoto.http.shapes import schema_of
from yoto.operate.permissions.shapes import (
    SEARCH_LENGTH,
    AfterNode,
    Kind,
    Overwritten,
    PlacedResource,
    Resource,
    Within,
)
from yoto.permission import Place
from yoto.store.db import db
from yoto.store.models import ChannelOverwrite
from yoto.store.resources import Chain, ResourceType, chain_of, known_types
from yoto.store.resources.chains import text_in_sql

resources = Subject(
    "resources",
    "/resources",
    "Resources of all types, and what roles grant",
    "resource",
    names={
        Page[PlacedResource]: page_of(schema_of(PlacedResource), NodeId),
        Page[Overwritten]: page_of(schema_of(Overwritten), NodeId),
    },
)

IDS = {int: "integer", uuid.UUID: "uuid", str: "text"}


def types() -> list[dict[str, Any]]:
    """The declared types, in their order; those not ``askable`` have no verdicts of their own."""
    known = known_types()
    return [
        {
            "type": one.name,
            "ids": IDS[one.id_type],
            "askable": one.askable,
            "named": one.label is not None,
            "members": one.members is not None,
            "homes": [home.name for home in known.homes_of(one.name) if home is not one],
            "below": [below.name for below in known.below(one.name) if below.askable],
        }
        for one in known
    ]


@resources.operation("GET", "", VIEW)
def find_resources(
    scope: Kind,
    search: Annotated[
        str, Length(max=SEARCH_LENGTH), "What the name contains, or the whole id"
    ] = "",
    within: Within = None,
    after: AfterNode = None,
    limit: Limit = PAGE_DEFAULT,
) -> Page[PlacedResource]:
    """Resources of a type by name, where it has names, or by id"""
    declared, chain = _rows(scope)
    here = chain.rungs[0]
    statement = select(here.id)
    if within is None:
        statement = statement.select_from(here.alias)
    else:
        statement = _below(statement, chain, Place(*within))
    if search.strip():
        statement = statement.where(or_(*_called(declared, chain, search.strip())))
    return _page(scope, statement, here.id, declared_id(scope, after, "after"), limit)


def overwritten(kind: str, home: Place, after: Any, limit: int) -> Page[tuple[PlacedResource, str]]:
    """A page of the resources of a type below one, by id, with overwrites in force; beside each the
    text of the place that holds them.
    """
    _, chain = _rows(kind)
    here = chain.rungs[0]
    laid: ColumnElement[str] = text_in_sql(here.type, here.id)
    sync, synced = here.type.sync, here.synced
    if sync is not None and synced is not None:
        lending = text_in_sql(known_types().get(sync.type), synced)
        laid = func.coalesce(lending, laid)
    found = exists().where(ChannelOverwrite.place == laid)
    statement = _below(select(here.id), chain, home).where(found)
    page = _page(kind, statement, here.id, after, limit)
    sites = permissions.sites_of(Place(kind, one["id"]) for one in page.items)
    shown = [(one, sites[Place(kind, one["id"])].overwritten[-1]) for one in page.items]
    return Page(shown, page.next)


def described(places: Sequence[Place]) -> list[PlacedResource]:
    """Resources with their names, and the home above each; resources that no longer exist are left
    out.
    """
    names = names_of(places)
    there = [place for place in places if place in names]
    homes = permissions.homes_of(there)
    above = names_of({home for home in homes.values() if home is not None})
    shown: list[PlacedResource] = []
    for place in there:
        home = homes[place]
        within = None if home is None or home == place else _shown(home, above)
        shown.append({**_shown(place, names), "home": within})
    return shown


def existing(place: Place) -> Resource:
    """One resource with its name.

    Raises:
        UnknownResource: it does not exist.
    """
    names = names_of([place])
    if place not in names:
        raise UnknownResource(place.kind, place.id)
    return _shown(place, names)


def _shown(place: Place, names: dict[Place, str | None]) -> Resource:
    return {"scope": place.kind, "id": place.id, "name": names.get(place)}


def names_of(places: Iterable[Place]) -> dict[Place, str | None]:
    """The names of existing resources, one statement a type; None: the type has no names."""
    by_kind: defaultdict[str, list[Any]] = defaultdict(list)
    for place in places:
        by_kind[place.kind].append(place.id)
    found: dict[Place, str | None] = {}
    for kind, ids in by_kind.items():
        declared = known_types().get(kind)
        label = literal(None) if declared.label is None else declared.label
        rows = db.session.execute(
            select(declared.id, label).select_from(declared.table).where(declared.id.in_(ids))
        )
        found |= {Place(kind, id_): name for id_, name in rows}
    return found


def _rows(kind: str) -> tuple[ResourceType, Chain]:
    known = known_types()
    declared = known.get(kind, asked=True)
    rows = declared.table.alias()
    return declared, chain_of(known, kind, rows.c[declared.key], rows)


def _below(statement: Select[Any], chain: Chain, above: Place) -> Select[Any]:
    there = [rung.expected == above.id for rung in chain.rungs[1:] if rung.type.name == above.kind]
    if not there:
        kind = chain.rungs[0].type.name
        raise ValidationFailed({"within": f"nodes of type '{kind}' are in no {above.kind}"})
    source = chain.rungs[0].alias
    for rung in chain.rungs[1:]:
        source = source.outerjoin(rung.alias, rung.id == rung.expected)
    return statement.select_from(source).where(or_(*there))


def _called(declared: ResourceType, chain: Chain, search: str) -> list[ColumnElement[bool]]:
    here = chain.rungs[0]
    wanted: list[ColumnElement[bool]] = [literal(False)]
    if declared.label is not None:
        wanted.append(here.of(declared.label).icontains(search, autoescape=True))
    try:
        wanted.append(here.id == declared.spelled(search, "search"))
    except ValidationFailed:
        # The text cannot be an id of this type.
        return wanted
    return wanted


def _page(
    kind: str, statement: Select[Any], key: ColumnElement[Any], after: Any, limit: int
) -> Page[PlacedResource]:
    if after is not None:
        statement = statement.where(key > after)
    ids = db.session.scalars(statement.order_by(key).limit(limit + 1)).all()
    shown = described([Place(kind, id_) for id_ in ids[:limit]])
    return Page(shown, ids[limit - 1] if len(ids) > limit else None)
