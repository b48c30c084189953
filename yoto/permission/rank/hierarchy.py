"""The grant hierarchy: limits on what the actor of a write may give, take and edit.

Three rules. Rank: an actor cannot give, take or edit a role at or above their own highest role;
roles of a home are ranked within it, global roles among themselves. Gift: an actor cannot give a
permission that they lack in that place, or that they will not have for as long as the grant lasts.
Loss: an actor cannot take anything from a user above them (``losses``). The owner of a home stands
above its roles; super-admins are bound by none of the rules.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from math import inf
from typing import Any, cast

from sqlalchemy import Select, literal, select, union
from sqlalchemy.orm import Session

from yoto.errors import PermissionDenied
from yoto.permission.loading import load_one, load_sites
from yoto.permission.loading.places_sql import own_id
from yoto.permission.loading.source import reading
from yoto.permission.rank.ranking import (
    OUTSIDE,
    OWNER_RANK,
    UNBOUND_RANK,
    Ranking,
    may_handle,
    rank_of,
    rankings_of,
)
from yoto.permission.registry.scopes import GLOBAL, Place, place_of_text
from yoto.permission.state import PermissionState
from yoto.permission.verdict.comparison import over_time
from yoto.permission.verdict.facts import By
from yoto.permission.verdict.resolver import MembershipStatus, Resolution, flatten
from yoto.permission.verdict.verdict import (
    DISABLED,
    LACKS_PERMISSION,
    ROLE_TOO_HIGH,
    UNKNOWN_USER,
    Decision,
)
from yoto.store.columns import Id
from yoto.store.models import (
    NOWHERE,
    Effect,
    PermissionGroupMember,
    Role,
    RoleAssignment,
    RoleGrant,
    RoleGroupGrant,
    User,
)
from yoto.store.resources import known_types
from yoto.store.resources.chains import text_in_sql

# Permissions that a write adds for a user, as a mask for each place where it does.
DelegatedGrants = Mapping[Place, int]

# Holders of this permission manage global roles, and so see them.
GLOBAL_ROLES = "admin.roles"


class Authority:
    """The actor of one write. Check before changing anything: results are from the present state.

    Args:
        actor_id: None is the system itself, which may do everything.

    Raises:
        PermissionDenied: the actor does not exist, or is disabled.
    """

    def __init__(self, state: PermissionState, session: Session, actor_id: int | None) -> None:
        self.registry = state.registry
        self.session = session
        self.now = state.clock()
        self.actor_id = actor_id
        self._rankings: dict[tuple[str, Place | None], Ranking] = {}
        self._stands_until: dict[Place, float] = {}
        self.unbounded = actor_id is None
        if actor_id is not None:
            person = session.execute(
                select(User.disabled, User.super_admin).where(User.id == actor_id)
            ).one_or_none()
            if person is None or person.disabled:
                raise PermissionDenied(Decision(False, DISABLED if person else UNKNOWN_USER))
            self.unbounded = person.super_admin

    def check_role(self, role: Role, home: str | None = None, at: Place | None = None) -> None:
        """The rank rule for ``role``; ``home``: for its effect there alone.

        Args:
            at: the node at which it is given or taken, as in ``rankings_of``.

        Raises:
            PermissionDenied: with reason ``role_too_high``.
        """
        if home and self.rank(home) >= OWNER_RANK:
            return
        if not may_handle(self.rank(role.home, at), role.position):
            raise self.too_high(role, at)

    def check_position(self, home: str, position: int) -> None:
        """The rank rule for a role at ``position``; no home: a global role. As ``check_role``."""
        if not may_handle(self.rank(home), position):
            raise PermissionDenied(Decision(False, ROLE_TOO_HIGH))

    def check_giving(
        self,
        home: str,
        role_closure: Iterable[Role],
        until: float | None = None,
        at: Place | None = None,
    ) -> None:
        """The rank rule for a role that is to be given, with all that it inherits from.

        Later gains of an ancestor are gains of its heirs, too: an actor who could not give the
        ancestor cannot give the role. Raises as ``check_role``.

        Args:
            until: epoch seconds at which the grant ends, None if never: an actor cannot grant a
                rank for longer than they hold theirs.
            at: as in ``check_role``.
        """
        # The owner can gain nothing there that they lack.
        if home and self._ranking(home).floor >= OWNER_RANK:
            return
        for role in role_closure:
            rank = self._ranking(role.home, at).throughout(self.now, until)
            if not may_handle(rank, role.position):
                raise self.too_high(role, at)

    def too_high(self, role: Role, at: Place | None = None) -> PermissionDenied:
        """The denial of a write that is about ``role``.

        It names the role, if the actor may see it, and the highest of the actor's own there.
        """
        names = []
        if self._sees(role):
            own = self._ranking(role.home, at).highest(self.now)
            held = None if own is None else self.session.get(Role, own)
            names = [one.name for one in (role, held) if one is not None]
        return PermissionDenied(Decision(False, ROLE_TOO_HIGH, roles=tuple(names)))

    def _sees(self, role: Role) -> bool:
        """Whether the actor may know the role: it is declared in the code, or belongs to a home of
        theirs, or they hold it or manage global roles.
        """
        if role.home != NOWHERE:
            return self.rank(role.home) > OUTSIDE
        if role.declared is not None or self.actor_id is None:
            return True
        own = select(RoleAssignment.id).where(
            RoleAssignment.user_id == self.actor_id, RoleAssignment.role_id == role.id
        )
        if self.session.scalar(own.limit(1)) is not None:
            return True
        mask = self.registry.snapshot.mask_named(GLOBAL_ROLES)
        return bool(mask & self._lasting_mask(self.actor_id, GLOBAL, self.now))

    def shares(self, role: Role, place: Place | None, until: float | None) -> bool:
        """Whether the actor may give and take ``role`` at a node because they hold, by assigned
        roles from now until then, a permission there with which its type shares the role.

        Args:
            place, until: as in ``stands_at``.
        """
        if place is None or self.actor_id is None:
            return False
        mask = 0
        for one in self._sharing(role, place).values():
            mask |= one
        every = self._resolutions(self.actor_id, place, until, provided=False) if mask else ()
        return bool(mask) and all(found.mask & mask for found in every)

    def shared_by(self, role: Role, place: Place) -> tuple[str, ...]:
        """The permissions by which the actor ``shares`` a role at a node now."""
        masks = self._sharing(role, place)
        if self.actor_id is None or not masks:
            return ()
        found = next(self._resolutions(self.actor_id, place, None, provided=False))
        return tuple(name for name, mask in masks.items() if found.mask & mask)

    def _sharing(self, role: Role, place: Place) -> dict[str, int]:
        """The permissions by which a role is shared at nodes of a type, each with its mask."""
        if role.home != NOWHERE or role.declared is None:
            return {}
        mask_named = self.registry.snapshot.mask_named
        shares = known_types().get(place.kind).shares
        return {one: mask_named(one) for one, names in shares.items() if role.name in names}

    def height(self, home: str, at: Place | None = None) -> int:
        """The actor's rank now for comparison with others: at a node, the rank of the highest role
        that they share there, where it is above their own.
        """
        rank = self.rank(home, at)
        if at is None or home != NOWHERE or self.unbounded:
            return rank
        named = [one for names in known_types().get(at.kind).shares.values() for one in names]
        roles = self.session.scalars(select(Role).where(Role.home == home, Role.name.in_(named)))
        higher = (one for one in roles if one.position > rank)
        return max((one.position for one in higher if self.shares(one, at, self.now)), default=rank)

    def stands_at(self, place: Place | None, until: float | None) -> bool:
        """Whether the actor owns or administers a node, or one above it, from now on until then.

        So they have every local permission there and below, and grants there have no effect
        elsewhere: no role stands above them in it.

        Args:
            place: None: no particular place, so the result is False.
            until: epoch seconds; None: for ever.
        """
        if self.unbounded or self.actor_id is None:
            return True
        if place is None:
            return False
        if place not in self._stands_until:
            end = self.now
            for found in self._resolutions(self.actor_id, place, None, provided=False):
                if found.status < MembershipStatus.ADMINISTRATOR:
                    break
                end = inf if found.valid_until is None else found.valid_until
            self._stands_until[place] = end
        end = self._stands_until[place]
        return end > self.now and end >= (inf if until is None else until)

    def resolution_at(self, place: Place) -> Resolution:
        """The actor's present permissions there.

        Raises:
            UnknownResource: there is no such place.
        """
        assert self.actor_id is not None
        return next(self._resolutions(self.actor_id, place, None))

    def check_raising(self, role: Role, position: int) -> None:
        """The rank rule for a new position, which its holders keep. Raises as ``check_role``."""
        self.check_position(role.home, position)
        if position > role.position:
            lasting = self._ranking(role.home).throughout(self.now, None)
            if not may_handle(lasting, position):
                raise self.too_high(role)

    def check_delegation(self, delegated: DelegatedGrants, until: float | None = None) -> None:
        """The delegation rule: an actor gives only permissions that they have.

        To give a permission everywhere, the actor must have it at each node: one node may deny it
        to them.

        Args:
            until: epoch seconds at which the grants end; None: they do not. An actor who will not
                have a permission for that long may not give it.

        Raises:
            PermissionDenied: with reason ``lacks_permission`` and the names in ``decision.names``.
        """
        if self.unbounded or self.actor_id is None:
            return
        for place, mask in delegated.items():
            lacking = mask and mask & ~self._lasting_mask(self.actor_id, place, until)
            if place == GLOBAL and not lacking:
                lacking = self._denied_in_homes(self.actor_id, mask, until)
            if lacking:
                raise self.denied(LACKS_PERMISSION, lacking)

    def check_default_denial(self, role: Role) -> None:
        """The rule for denials to everybody: only an actor above all roles may change them.

        Raises:
            PermissionDenied: ``role`` is a default role, and the actor neither owns its home nor
                administers it; names the permission to administer.
        """
        if role.is_default and role.home != NOWHERE:
            place = place_of_text(role.home)
            name = known_types().get(place.kind).administrator
            snapshot = self.registry.snapshot
            # Without a permission to administer, only the owner has everything.
            mask = snapshot.mask_named(name) if name else snapshot.bits.local
            self.check_delegation({place: mask or snapshot.bits.local})

    def denied(self, reason: str, mask: int) -> PermissionDenied:
        """The denial of a write because of these permissions."""
        names = tuple(p.name for p in self.registry.snapshot.in_mask(mask))
        return PermissionDenied(Decision(False, reason, names=names), ", ".join(names))

    def outranks(self, user_id: int, home: str) -> bool:
        """Whether the actor outranks the user there (empty: on the platform).

        The owner is never outranked.
        """
        return self.rank(home) > self.rank_of(user_id, home)

    def rank_of(self, user_id: int, home: str, at: Place | None = None) -> int:
        """The rank of a user now; ``at`` as in ``rankings_of``."""
        return rank_of(self.session, user_id, home, self.now, at)

    def rank(self, home: str, at: Place | None = None) -> int:
        """The actor's rank now among the roles of a home; empty: among the global ones."""
        return self._ranking(home, at).at(self.now)

    def _ranking(self, home: str, at: Place | None = None) -> Ranking:
        if self.unbounded or self.actor_id is None:
            return Ranking(UNBOUND_RANK)
        if (home, at) not in self._rankings:
            found = rankings_of(self.session, [self.actor_id], home, at)
            self._rankings[home, at] = found[self.actor_id]
        return self._rankings[home, at]

    def _denied_in_homes(self, user_id: int, mask: int, until: float | None) -> int:
        """The part of a grant that counts everywhere, but is denied to the user at some node."""
        snapshot = self.registry.snapshot
        local = mask & snapshot.bits.local
        names = snapshot.in_mask(local)
        for place in denying_homes(self.session, user_id, [p.id for p in names]):
            lacking = local & ~self._lasting_mask(user_id, place, until)
            if lacking:
                return lacking
        return 0

    def _lasting_mask(self, user_id: int, place: Place, until: float | None) -> int:
        """The permissions that the user has in the place at every moment from now until then."""
        mask = -1
        for found in self._resolutions(user_id, place, until):
            mask &= found.mask
            if not mask:
                break
        return mask

    def _resolutions(
        self, user_id: int, place: Place, until: float | None, *, provided: bool = True
    ) -> Iterator[Resolution]:
        """The user's resolutions in the place: now, and from each moment of change until then.

        Args:
            provided: False: without provided roles, which give no rank here.
        """
        with reading() as connection:
            facts, [user] = load_one(connection, user_id, place).facts(self.registry)
        if not provided:
            held = tuple(one for one in user.assignments if one.by != By.PROVIDER)
            user = replace(user, assignments=held)
        bits = self.registry.snapshot.bits
        return over_time(flatten(facts, bits), user, self.now, bits, until)


def denying_homes(
    session: Session, user_id: int, permission_ids: Collection[int]
) -> Sequence[Place]:
    """The nodes down to the homes at which grants may deny the user one of the permissions: grants
    of roles of homes that they belong to, and of global roles at such a node.
    """
    if not permission_ids:
        return ()
    types = known_types()
    homes = {one.name for one in types if one.members is not None}
    upper = {above.name for name in homes for above in types.line(name)}
    belongs = homes_of(session, user_id)

    def denials(model: type[RoleGrant] | type[RoleGroupGrant]) -> Select[Any]:
        found: Any = (
            select(model.scope_key, Role.home)
            .join(Role, Role.id == model.role_id)
            .where(
                model.effect == Effect.DENY,
                Role.home.in_(belongs)
                | ((Role.home == NOWHERE) & (model.scope_key != GLOBAL.kind)),
            )
        )
        return cast(Select[Any], found)

    inside = select(PermissionGroupMember.group_id).where(
        PermissionGroupMember.permission_id.in_(permission_ids)
    )
    found = session.execute(
        union(
            denials(RoleGrant).where(RoleGrant.permission_id.in_(permission_ids)),
            denials(RoleGroupGrant).where(RoleGroupGrant.group_id.in_(inside)),
        )
    )
    places = {place_of_text(row[1] if row[0] == GLOBAL.kind else row[0]) for row in found}
    there = load_sites(session.connection(), {one for one in places if one.kind in upper})
    return list(there)


def homes_of(session: Session, user_id: int) -> list[str]:
    """The nodes with a row for the user among their members, banned or not."""
    found: list[str] = []
    for declared in known_types():
        members = declared.members
        if members is not None:
            text = text_in_sql(declared, members.node)
            rows = select(text).where(members.person == own_id(literal(user_id, Id)))
            found += session.scalars(rows)
    return found
