"""docs/verdicts.md as one SQL condition on nodes of a type, for one person and few permissions.

Where the resolver works on masks of many permissions in one place, these are few permissions in
many places. Each node asks one subquery over the person's rights (``rights_sql``) for the strongest
of each layer, and has the permissions as a small mask: bit ``n`` for the ``n``-th. One subquery,
because MariaDB keeps a copy of the rights for each that names them.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from functools import reduce
from operator import add
from typing import Any

from sqlalchemy import (
    ColumnElement,
    and_,
    case,
    false,
    func,
    inspect,
    literal,
    not_,
    or_,
    select,
    true,
)
from sqlalchemy.engine import Connection

from yoto.cache import NodeId
from yoto.nodes import APPLICATIONS, GLOBAL_KIND, HERE_ONLY, PUBLIC_NUMBER
from yoto.permission.database.statements import programs, these_ids, users
from yoto.permission.registry.registry import RegisteredPermission
from yoto.permission.search.rights_sql import (
    ANYBODY,
    BELONGING,
    GRANT,
    LEVEL,
    MEMBER,
    NOWHERE,
    OVERWRITE,
    OWNER,
    rights_of,
)
from yoto.store.models import ScopeType
from yoto.store.resources import Chain, ResourceTypes, Rung, chain_of
from yoto.store.resources.chains import text_in_sql

Condition = ColumnElement[bool]


class SqlVerdict:
    """The condition and its parts; good for one statement.

    Args:
        kind: the type of the nodes.
        permissions: the requested ones, by bit of the mask.
        known: all registered permissions, by name.
        now: the time for windows and time-outs.
    """

    def __init__(
        self,
        types: ResourceTypes,
        kind: str,
        user_id: int,
        permissions: Sequence[RegisteredPermission],
        known: Mapping[str, RegisteredPermission],
        now: datetime,
    ) -> None:
        self._types, self._type = types, types.get(kind)
        self._permissions, self._known = permissions, known
        line = types.line(kind)
        implying = [
            known[name]
            for one in line
            for name in (one.gate, one.administrator)
            if name is not None and name in known
        ]
        homes = {home.name for home in types.homes_of(kind)}
        outside = types.high_of(kind) - homes | {one.name for one in line if one.shared}
        wanted = list(dict.fromkeys([*permissions, *implying]))
        self.rights = rights_of(types, user_id, wanted, now, outside)
        self._program = APPLICATIONS < user_id < PUBLIC_NUMBER
        # Whether the person is a super-admin; NULL for unknown and disabled accounts.
        self.super_admin: ColumnElement[Any]
        if user_id == PUBLIC_NUMBER:
            self.super_admin = false()
        elif self._program:
            account = select(false()).where(
                programs.c.id == user_id - APPLICATIONS, programs.c.disabled == false()
            )
            self.super_admin = account.scalar_subquery()
        else:
            person = select(users.c.super_admin).where(
                users.c.id == user_id, users.c.disabled == false()
            )
            self.super_admin = person.scalar_subquery()

    def on(self, entity: Any) -> AtNodes:
        """The verdict at the node of each row of ``entity``, a mapped class or an alias of it."""
        rows = inspect(entity).selectable
        chain = chain_of(self._types, self._type.name, rows.c[self._type.key], rows)
        return AtNodes(self, chain)

    def at(self, chain: Chain) -> AtNodes:
        """The verdict at the nodes that a chain begins with."""
        return AtNodes(self, chain)


class AtNodes:
    """The rules at the nodes of one statement's rows."""

    def __init__(self, verdict: SqlVerdict, chain: Chain) -> None:
        self._verdict = verdict
        self._chain = chain
        self._rights = verdict.rights.c
        self._known = verdict._known
        self._texts = [text_in_sql(rung.type, rung.expected) for rung in chain.rungs]
        high = verdict._types.high_of(verdict._type.name)
        rungs = list(zip(chain.rungs, self._texts, strict=True))
        # Homes and the nodes above them are levels only for a node that is below no home.
        self._low = [(rung, text) for rung, text in rungs if rung.type.name not in high]
        self._high = [(rung, text) for rung, text in rungs if rung.type.name in high]
        homes = [(rung, text) for rung, text in rungs if rung.type.members is not None]
        self._home: ColumnElement[Any] | None = None
        self._at_home: Condition = false()
        if homes:
            ways = [(rung.expected.is_not(None), text) for rung, text in homes]
            self._home = case(*ways)
            self._at_home = or_(*(there for there, _ in ways))

    def condition(
        self, masks: Collection[int], more: ColumnElement[int] | None = None
    ) -> Condition:
        """Steps 1 to 7: whether the permissions are one of these masks, of which none is 0.

        Args:
            more: further bits of the caller.
        """
        verdict, mask = self._verdict, self._mask()
        is_anybody = verdict.super_admin.is_not(None)
        # A node whose chain is broken is unknown, to super-admins too.
        above, broken = self._chain.used(), self._chain.broken()
        if broken:
            found_broken = select(or_(*broken)).select_from(_joined(above))
            found_broken = found_broken.correlate_except(*(rung.alias for rung in above))
            is_whole = [func.coalesce(found_broken.scalar_subquery(), false()) != true()]
        else:
            is_whole = []
        looked_up = mask if more is None else mask + more
        return and_(is_anybody, looked_up.in_(sorted(masks)), *is_whole)

    def masks(
        self, connection: Connection, ids: Sequence[Any], among: Sequence[int]
    ) -> dict[NodeId, int]:
        """The permissions at nodes where the condition held with the masks ``among``, by id.

        They are read for these alone: as a column of the statement that finds them they would be
        computed for all nodes that it looks at.
        """
        if len(among) == 1 or not ids:
            return {id_: among[0] for id_ in ids}
        own = self._chain.rungs[0].id
        wanted = these_ids(ids) if self._chain.rungs[0].type.id_type is int else ids
        rows = connection.execute(select(own, self._mask()).where(own.in_(wanted)).order_by(own))
        return {id_: mask for id_, mask in rows}

    def _mask(self) -> ColumnElement[int]:
        verdict, rights = self._verdict, self._rights
        belongs = self._inside()
        found = self._small_mask(True)
        if belongs is not None:
            found = case((belongs, found), else_=self._small_mask(False))
        homes = [rights.home == NOWHERE]
        homes += [] if self._home is None else [rights.home == self._home]
        at_it_alone = literal(HERE_ONLY) + self._texts[0]
        held = or_(
            rights.held == NOWHERE,
            rights.held == at_it_alone,
            *(rights.held == text for text in self._texts),
        )
        source: Any = verdict.rights
        above = self._chain.used()
        for rung in above:
            source = source.outerjoin(rung.alias, rung.id == rung.expected)
        allowed = (
            select(found)
            .select_from(source)
            .where(or_(*homes), held)
            .correlate_except(verdict.rights, *(rung.alias for rung in above))
            .scalar_subquery()
        )
        every = (1 << len(verdict._permissions)) - 1
        return case((verdict.super_admin == true(), every), else_=func.coalesce(allowed, 0))

    def _small_mask(self, inside: bool) -> ColumnElement[int]:
        """The permissions of a member, or of a person who is no member."""
        bits = [
            case((self._allowed(permission, inside) == true(), 1 << number), else_=0)
            for number, permission in enumerate(self._verdict._permissions)
        ]
        return reduce(add, bits)

    def _inside(self) -> Condition | None:
        """Whether the person belongs; None: always."""
        if self._home is None or self._verdict._program:
            return None
        rights = self._rights
        here = and_(rights.node == self._home, rights.layer.in_([MEMBER, OWNER]))
        return or_(func.max(case((here, 1))) == 1, self._there(self._home).is_(None))

    def _allowed(self, permission: RegisteredPermission, inside: bool) -> ColumnElement[Any]:
        """The verdict for a member, or for a person who is no member."""
        rights = self._rights
        local = permission.scope != ScopeType.GLOBAL
        base = self._base(permission, inside)
        in_charge = [self._owns(inside)]
        for rung in self._chain.rungs:
            name = rung.type.administrator
            if name is not None and name in self._known:
                exists = self._there(rung.expected).is_not(None)
                in_charge.append(and_(exists, self._base(self._known[name], inside)))
        rules: list[tuple[Condition, Any]] = [(or_(*in_charge), true() if local else base)]
        if self._home is not None:
            here = and_(rights.layer == MEMBER, rights.node == self._home)
            timed_out = func.max(case((here, rights.strength))) == 1
            # Types that are not above this node keep nothing for it in a time-out.
            left = [
                self._there(rung.expected).is_(None)
                for rung in self._chain.rungs
                if permission.name in rung.type.remaining
            ]
            rules.append((and_(timed_out, *left), false()))
        gates = []
        for rung in self._chain.rungs:
            if rung.type.gate is not None:
                known = self._known.get(rung.type.gate)
                passed = false() if known is None else self._shaped(known, inside)
                gates.append(or_(self._there(rung.expected).is_(None), passed))
        ordinary = and_(self._shaped(permission, inside), *gates)
        return case(*rules, else_=ordinary)

    def _there(self, expression: ColumnElement[Any]) -> ColumnElement[Any]:
        """Something where all rights at a node have a value of ``expression``, otherwise NULL.

        An aggregate of outer columns alone would belong to the outer statement.
        """
        return func.max(case((and_(self._rights.layer >= 0, expression.is_not(None)), 1)))

    def _owns(self, inside: bool) -> Condition:
        rights = self._rights
        if self._verdict._program:
            return false()
        nodes: list[Condition] = []
        for rung, text in (*self._low, *self._high):
            here = rights.node == text
            if not inside and not rung.type.shared:
                # At a level only members count as owners, and this person is none.
                here = (
                    and_(here, self._at_home) if rung.type.name in self._names_high() else false()
                )
            nodes.append(here)
        return func.max(case((and_(rights.layer == OWNER, or_(*nodes)), 1))) == 1

    def _holds(self, inside: bool) -> list[Condition]:
        return [] if inside else [self._rights.reach == ANYBODY]

    def _base(self, permission: RegisteredPermission, inside: bool) -> Condition:
        """Step 3, for one permission: something allows it, and nothing denies it."""
        rights = self._rights
        scopes = [rights.node == literal(GLOBAL_KIND)]
        scopes += [and_(self._at_home, rights.node == text) for _, text in self._high]
        about = and_(
            rights.layer == GRANT,
            rights.permission_id == permission.id,
            or_(*scopes),
            *self._holds(inside),
        )
        allows = func.max(case((and_(about, rights.strength % 2 == 0), 1), else_=0))
        denies = func.max(case((and_(about, rights.strength % 2 == 1), 1), else_=0))
        return and_(allows == 1, denies == 0)

    def _shaped(self, permission: RegisteredPermission, inside: bool) -> Condition:
        """Step 5, for one permission: the strongest overwrite in force, else the base."""
        base = self._base(permission, inside)
        if permission.scope == ScopeType.GLOBAL:
            return base
        rights = self._rights
        levels: list[tuple[Condition, Any]] = []
        # From the top down, so that a level further down is stronger.
        for number, (rung, text) in enumerate(
            reversed(list(zip(self._chain.rungs, self._texts, strict=True)))
        ):
            place = self._overwritten(rung, text)
            here = or_(
                and_(rights.layer == GRANT, rights.node == text),
                and_(rights.layer == OVERWRITE, rights.node == place),
            )
            if rung.type.name in self._names_high():
                here = and_(here, not_(self._at_home))
            if not inside:
                reach = rights.reach == ANYBODY
                if rung.type.shared:
                    reach = rights.reach != BELONGING
                here = and_(here, reach)
            levels.append((here, rights.strength + number * LEVEL))
        # Overwrites that several levels take from one node count at the last of these levels.
        strength = case(*reversed(levels), else_=0)
        about_it = rights.permission_id == permission.id
        strongest = func.max(case((about_it, strength), else_=0))
        given = case((strongest % 2 == 0, true()), else_=false())
        return case((strongest == 0, base), else_=given) == true()

    def _names_high(self) -> set[str]:
        return {rung.type.name for rung, _ in self._high}

    def _overwritten(self, rung: Rung, text: ColumnElement[str]) -> ColumnElement[str]:
        synced, sync = rung.synced, rung.type.sync
        if synced is None or sync is None:
            return text
        other = text_in_sql(self._verdict._types.get(sync.type), synced)
        return case((synced.is_not(None), other), else_=text)


def _joined(rungs: list[Rung]) -> Any:
    source: Any = select(literal(1).label("one")).subquery()
    for rung in rungs:
        source = source.outerjoin(rung.alias, rung.id == rung.expected)
    return source
