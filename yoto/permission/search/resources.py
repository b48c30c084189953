"""Pages of the nodes of a type at which a user has a permission, or meets an expression of some.

Four statements at most, and one more where policies judge an expression. The first finds where the
person could have it at all: the nodes that they belong to or own, those with grants or overwrites
for them, and those that a role of theirs reaches. Only nodes below one of these are candidates,
unless such a role reaches everywhere.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from itertools import compress
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Select,
    and_,
    false,
    func,
    literal,
    or_,
    select,
    true,
    union,
)
from sqlalchemy.engine import Connection
from sqlalchemy.sql.selectable import Subquery

from yoto.cache import NodeId
from yoto.errors import ValidationFailed
from yoto.nodes import GLOBAL_KIND, node_held_at, parse_text
from yoto.permission.checking.asking import met_by_policies
from yoto.permission.loading.sites import site_at
from yoto.permission.loading.source import reading
from yoto.permission.registry.registry import RegisteredPermission
from yoto.permission.registry.scopes import Place, checked_id, parse_place
from yoto.permission.search.question import SCAN_MAX, Page, Question, checked_limit
from yoto.permission.search.rights_sql import GRANT, MEMBER, NOWHERE, OVERWRITE, OWNER
from yoto.permission.search.sql_verdict import Condition, SqlVerdict
from yoto.permission.search.visible import verdict_of
from yoto.permission.state import PermissionState
from yoto.store.portable import last_of
from yoto.store.resources import Chain, ResourceType, chain_of, known_types


def list_resources(
    state: PermissionState,
    user_id: int,
    question: Question,
    scope: str,
    within: tuple[str, NodeId] | None,
    after: NodeId | None,
    limit: int,
    context: Mapping[str, Any] | None,
) -> Page:
    """See ``Searching.list_resources``."""
    checked_id(user_id, "user_id")
    types = known_types()
    declared = types.get(scope, asked=True)
    start = None if after is None else _cursor(declared, after)
    most = checked_limit(limit)
    above = None
    if within is not None:
        above = parse_place(*within)
        if all(one.name != above.kind for one in types.line(scope)) or above.kind == scope:
            raise ValidationFailed(
                {f"{above.kind}_id": f"nodes of type '{scope}' are in no {above.kind}"}
            )
    sql = verdict_of(state, scope, user_id, question)
    judged = question.judged(context)
    rows = declared.table.alias()
    chain = chain_of(types, scope, rows.c[declared.key], rows)
    key = rows.c[declared.key]
    narrowed: Condition | None
    with reading() as connection:
        if above is not None:
            site_at(connection, above)
            narrowed = _below(chain, {above.kind: {above.id}})
        else:
            narrowed = _reached(connection, sql, question.wanted, chain, state)
        window = _window(chain, narrowed, start)
        at_nodes, possible = sql.at(chain), question.possible(judged)
        found = list(
            connection.scalars(
                select(key)
                .select_from(rows.join(window, window.c.id == key))
                .where(at_nodes.condition(possible))
                .order_by(key)
                .limit(most + 1)
            )
        )
        next_after: NodeId | None
        if len(found) > most:
            found, next_after = found[:most], found[most - 1]
        else:
            looked_at, last = connection.execute(
                select(func.count(), last_of(window.c.id, type_=window.c.id.type))
            ).one()
            next_after = last if looked_at == SCAN_MAX else None
        held = at_nodes.masks(connection, found, possible) if judged else {}
    if judged:
        places = [(user_id, Place(scope, id_), question.mask(held[id_])) for id_ in held]
        found = list(compress(held, met_by_policies(state, question.asked, places, context)))
    return Page(tuple(found), next_after)


def _cursor(declared: ResourceType, after: Any) -> NodeId | None:
    if declared.id_type is int and after == 0 and type(after) is int:
        return None
    try:
        return declared.checked(after, "after")
    except ValidationFailed:
        raise ValidationFailed({"after": "must be what a page gave as next_after"}) from None


def _window(chain: Chain, narrowed: Condition | None, start: NodeId | None) -> Subquery:
    """The candidates that one page looks at, by id."""
    id_ = chain.rungs[0].id
    # Where few nodes matter, the sum keeps the planner from walking over all others.
    is_number = chain.rungs[0].type.id_type is int
    key: ColumnElement[Any] = id_ if narrowed is None or not is_number else id_ + 0
    source = chain.rungs[0].alias
    if narrowed is not None:
        for rung in chain.rungs[1:]:
            source = source.outerjoin(rung.alias, rung.id == rung.expected)
    statement: Select[Any] = select(id_.label("id")).select_from(source)
    statement = statement.order_by(key).limit(SCAN_MAX)
    if start is not None:
        statement = statement.where(key > start)
    if narrowed is not None:
        statement = statement.where(narrowed)
    return statement.subquery()


def _below(chain: Chain, wanted: Mapping[str, set[Any]]) -> Condition:
    """Whether one of these nodes, by type, is the node, is above it, or lends it its overwrites."""
    found: list[Condition] = []
    for rung in chain.rungs:
        if wanted.get(rung.type.name):
            found.append(rung.expected.in_(sorted(wanted[rung.type.name])))
        sync, synced = rung.type.sync, rung.synced
        if sync is not None and synced is not None and wanted.get(sync.type):
            found.append(synced.in_(sorted(wanted[sync.type])))
    return or_(*found) if found else false()


def _reached(
    connection: Connection,
    sql: SqlVerdict,
    permissions: Collection[RegisteredPermission],
    chain: Chain,
    state: PermissionState,
) -> Condition | None:
    """The nodes at which the person could have one of them, a superset; None: everywhere."""
    rights, known = sql.rights.c, state.registry.snapshot.by_name
    giving = {permission.id for permission in permissions}
    for rung in chain.rungs:
        if rung.type.administrator in known:
            giving.add(known[str(rung.type.administrator)].id)
    allows = and_(rights.permission_id.in_(giving), rights.strength % 2 == 0)
    gives = and_(rights.layer.in_([GRANT, OVERWRITE]), allows)
    columns = (rights.layer, rights.node, rights.home, rights.held)
    everywhere = (literal(GRANT), literal(GLOBAL_KIND), literal(NOWHERE), literal(NOWHERE))
    found = union(
        select(*columns).where(or_(gives, rights.layer.in_([MEMBER, OWNER]))),
        select(*everywhere).where(sql.super_admin == true()),
    )
    wanted: dict[str, set[Any]] = {}
    for layer, node, home, held in connection.execute(found):
        places = [text for text in (held, home) if text != NOWHERE]
        if layer != GRANT or node != GLOBAL_KIND:
            places = [node, *places]
        if not places:
            return None
        # The narrowest scope decides: the grant counts only below it.
        if layer == GRANT and node == GLOBAL_KIND:
            places = places[:1]
        for text in places:
            parsed = parse_text(node_held_at(text))
            if parsed is not None:
                wanted.setdefault(parsed[0], set()).add(parsed[1])
    return _below(chain, wanted)
