"""The grant hierarchy: what the actor of a write may give, take and edit.

Three rules. Rank: nobody gives, takes or edits a role at or above their own highest role; roles of
a server are ranked within it, global roles among themselves. Gift: nobody brings about that
somebody may do what they themselves may not do in that place, for as long as the gift lasts. Loss:
nobody takes anything from somebody above them (``losses``). The owner of a server stands above its
roles; super-admins are bound by none of the rules.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import NamedTuple

from sqlalchemy import Select, func, select, true, union
from sqlalchemy.orm import Session

from yoto.errors import PermissionDenied, UnknownResource
from yoto.permission.resolver import flatten, resolve
from yoto.permission.scopes import GLOBAL, MAX_ID, Place
from yoto.permission.single import epoch, load_facts
from yoto.permission.source import reading
from yoto.permission.state import PermissionState
from yoto.permission.verdict import (
    DISABLED,
    LACKS_PERMISSION,
    ROLE_TOO_HIGH,
    UNKNOWN_USER,
    Decision,
)
from yoto.store.models import (
    Effect,
    Member,
    PermissionGroupMember,
    Role,
    RoleAssignment,
    RoleGrant,
    RoleGroupGrant,
    ScopeType,
    Server,
    User,
)

# Permissions that a write adds for somebody, as a mask for each place where it does.
Gifts = Mapping[Place, int]

OUTSIDE = -1  # below every role: not a member, or holder of no global role
LOWEST = 0  # a member who holds only the default role
OWNER_RANK = MAX_ID  # above every position that a role can have
UNBOUND_RANK = OWNER_RANK + 1  # super-admins, and the system itself


def may_handle(rank: int, position: int) -> bool:
    """Whether somebody of ``rank`` may give, take and edit a role at ``position``."""
    return position < rank


class Held(NamedTuple):
    """A position that somebody stands at from ``start`` to ``end``, epoch seconds."""

    position: int
    start: float | None
    end: float | None


class Ranking(NamedTuple):
    """Where somebody stands: never below ``floor``, and by the roles that they hold in time."""

    floor: int
    held: tuple[Held, ...] = ()

    def at(self, moment: float) -> int:
        """The rank at ``moment``, epoch seconds."""
        in_force = (
            one.position
            for one in self.held
            if (one.start is None or one.start <= moment) and (one.end is None or moment < one.end)
        )
        return max((self.floor, *in_force))

    def throughout(self, now: float, until: float | None) -> int:
        """The lowest rank from ``now`` until then; None: for ever."""
        ends = (one.end for one in self.held if one.end is not None and one.end > now)
        within = (end for end in ends if until is None or end < until)
        return min(self.at(moment) for moment in (now, *within))


class Authority:
    """The actor of one write. Ask before changing anything: answers are from the present state.

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
        self._rankings: dict[int | None, Ranking] = {}
        self.unbounded = actor_id is None
        if actor_id is not None:
            person = session.execute(
                select(User.disabled, User.super_admin).where(User.id == actor_id)
            ).one_or_none()
            if person is None or person.disabled:
                raise PermissionDenied(Decision(False, DISABLED if person else UNKNOWN_USER))
            self.unbounded = person.super_admin

    def check_role(self, role: Role, server_id: int | None = None) -> None:
        """The rank rule for ``role``; ``server_id``: for what it does in this server alone.

        Raises:
            PermissionDenied: with reason ``role_too_high``.
        """
        if server_id is not None and self.rank(server_id) >= OWNER_RANK:
            return
        self.check_position(role.server_id, role.position)

    def check_position(self, server_id: int | None, position: int) -> None:
        """The rank rule for a role at ``position``; None is a global role. Raises as above."""
        if not may_handle(self.rank(server_id), position):
            raise PermissionDenied(Decision(False, ROLE_TOO_HIGH))

    def check_giving(
        self, home: int | None, lineage: Iterable[Role], until: float | None = None
    ) -> None:
        """The rank rule for a role that somebody is to have, with all that it inherits from.

        What an ancestor gains later its heirs gain, too: who could not give it the permission then
        may not make heirs of it now. And nobody keeps a rank for longer than who gave it.

        Args:
            home: the server of the role; None: a global one.
            until: epoch seconds at which the gift ends; None: it does not.

        Raises:
            PermissionDenied: with reason ``role_too_high``.
        """
        # To the owner of a server nothing can come that they lack there.
        if home is not None and self._ranking(home).floor >= OWNER_RANK:
            return
        for role in lineage:
            rank = self._ranking(role.server_id).throughout(self.now, until)
            if not may_handle(rank, role.position):
                raise PermissionDenied(Decision(False, ROLE_TOO_HIGH))

    def check_raising(self, role: Role, position: int) -> None:
        """The rank rule for another position: its holders keep it. Raises as ``check_role``."""
        self.check_position(role.server_id, position)
        if position > role.position:
            lasting = self._ranking(role.server_id).throughout(self.now, None)
            if not may_handle(lasting, position):
                raise PermissionDenied(Decision(False, ROLE_TOO_HIGH))

    def check_target(self, user_id: int, server_id: int | None) -> None:
        """The actor may act upon this user in the server (None: on the platform): is the user, or
        outranks them.

        Raises:
            PermissionDenied: with reason ``role_too_high``.
        """
        if user_id != self.actor_id and not self.outranks(user_id, server_id):
            raise PermissionDenied(Decision(False, ROLE_TOO_HIGH))

    def check_gifts(self, gifts: Gifts, until: float | None = None) -> None:
        """The gift rule. What is given for all servers the actor must have in each of them: one
        may deny them what they have elsewhere.

        Args:
            until: epoch seconds at which the gifts end; None: they do not. Whoever will not have
                a permission for so long may not give it.

        Raises:
            PermissionDenied: with reason ``lacks_permission`` and the names in ``decision.names``.
        """
        if self.unbounded or self.actor_id is None:
            return
        for place, mask in gifts.items():
            lacking = mask and mask & ~self._lasting_mask(self.actor_id, place, until)
            if place == GLOBAL and not lacking:
                lacking = self._denied_in_servers(self.actor_id, mask, until)
            if lacking:
                raise self.denied(LACKS_PERMISSION, lacking)

    def check_default_denial(self, role: Role) -> None:
        """What everybody is denied only those deny who are above roles, whatever these say.

        Raises:
            PermissionDenied: ``role`` is a default role, and the actor neither owns its server nor
                administers it; names ``server.administrator``.
        """
        if role.is_default and role.server_id is not None:
            place = Place(ScopeType.SERVER.value, role.server_id)
            self.check_gifts({place: self.registry.snapshot.bits.administrator})

    def denied(self, reason: str, mask: int) -> PermissionDenied:
        """The denial of a write because of these permissions."""
        names = tuple(p.name for p in self.registry.snapshot.in_mask(mask))
        return PermissionDenied(Decision(False, reason, names=names), ", ".join(names))

    def outranks(self, user_id: int, server_id: int | None) -> bool:
        """Whether the actor stands above the user in the server (None: on the platform); nobody
        outranks its owner.
        """
        return self.rank(server_id) > self.rank_of(user_id, server_id)

    def rank_of(self, user_id: int, server_id: int | None) -> int:
        """The rank of a user now."""
        return rank_of(self.session, user_id, server_id, self.now)

    def rank(self, server_id: int | None) -> int:
        """The actor's rank now in the server; None: among the global roles."""
        return self._ranking(server_id).at(self.now)

    def _ranking(self, server_id: int | None) -> Ranking:
        if self.unbounded or self.actor_id is None:
            return Ranking(UNBOUND_RANK)
        if server_id not in self._rankings:
            self._rankings[server_id] = ranking_of(self.session, self.actor_id, server_id)
        return self._rankings[server_id]

    def _denied_in_servers(self, user_id: int, mask: int, until: float | None) -> int:
        """What of a gift that counts in every server the user is denied in one of them."""
        snapshot = self.registry.snapshot
        local = mask & snapshot.bits.local
        names = snapshot.in_mask(local)
        for server_id in denying_servers(self.session, user_id, [p.id for p in names]):
            place = Place(ScopeType.SERVER.value, server_id)
            lacking = local & ~self._lasting_mask(user_id, place, until)
            if lacking:
                return lacking
        return 0

    def _lasting_mask(self, user_id: int, place: Place, until: float | None) -> int:
        """What the user may do in the place from now on at every moment until then."""
        with reading() as connection:
            facts, user = load_facts(connection, user_id, place, self.registry.mask_of_id)
        bits = self.registry.snapshot.bits
        flat = flatten(facts, bits)
        found = resolve(flat, user, self.now, bits)
        mask, moment = found.mask, found.valid_until
        while mask and moment is not None and (until is None or moment < until):
            found = resolve(flat, user, moment, bits)
            mask, moment = mask & found.mask, found.valid_until
        return mask


def denying_servers(
    session: Session, user_id: int, permission_ids: Collection[int]
) -> Sequence[int]:
    """The servers where grants may deny the user one of the permissions: those of roles of servers
    that they belong to, and of global roles in single servers.
    """
    if not permission_ids:
        return ()
    belongs = select(Member.server_id).where(Member.user_id == user_id)

    def denials(model: type[RoleGrant] | type[RoleGroupGrant]) -> Select[int]:
        return (
            select(func.coalesce(model.server_id, Role.server_id))
            .join(Role, Role.id == model.role_id)
            .where(
                model.effect == Effect.DENY,
                model.channel_id.is_(None),
                Role.server_id.in_(belongs)
                | (Role.server_id.is_(None) & model.server_id.is_not(None)),
            )
        )

    inside = select(PermissionGroupMember.group_id).where(
        PermissionGroupMember.permission_id.in_(permission_ids)
    )
    return session.scalars(
        union(
            denials(RoleGrant).where(RoleGrant.permission_id.in_(permission_ids)),
            denials(RoleGroupGrant).where(RoleGroupGrant.group_id.in_(inside)),
        )
    ).all()


def rank_of(session: Session, user_id: int, server_id: int | None, now: float) -> int:
    """Position of the highest role that the user holds ``now`` (in the server, or global).

    Raises:
        UnknownResource: there is no such server.
    """
    return ranking_of(session, user_id, server_id).at(now)


def ranking_of(session: Session, user_id: int, server_id: int | None) -> Ranking:
    """Where the user stands by roles that are active. Raises as above."""
    floor = OUTSIDE
    if server_id is not None:
        owner_id = session.scalar(select(Server.owner_id).where(Server.id == server_id))
        if owner_id is None:
            raise UnknownResource("server", server_id)
        if owner_id == user_id:
            return Ranking(OWNER_RANK)
        banned = session.scalar(
            select(Member.banned).where(Member.server_id == server_id, Member.user_id == user_id)
        )
        if banned is None or banned:
            return Ranking(OUTSIDE)
        floor = LOWEST
    held = (
        select(Role.position, RoleAssignment.valid_from, RoleAssignment.valid_until)
        .join(RoleAssignment, RoleAssignment.role_id == Role.id)
        .where(
            RoleAssignment.user_id == user_id,
            Role.server_key == (server_id or 0),
            Role.active == true(),
        )
    )
    return Ranking(
        floor, tuple(Held(row[0], epoch(row[1]), epoch(row[2])) for row in session.execute(held))
    )
