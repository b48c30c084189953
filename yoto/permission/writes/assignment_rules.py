"""The rules for giving and taking roles: who holds them, where, and who may."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from datetime import UTC, datetime
from typing import Any, NamedTuple

from sqlalchemy.orm import Session

from yoto.errors import PermissionDenied, ValidationFailed
from yoto.nodes import APPLICATIONS
from yoto.nodes import here_only as here_only_at
from yoto.permission.loading.finding import checked_node, require_role, site_in
from yoto.permission.people.kinds import Everyone
from yoto.permission.people.subjects import Holder, holder_of
from yoto.permission.rank.delegation import delegated_grants, role_closure
from yoto.permission.rank.hierarchy import Authority, DelegatedGrants
from yoto.permission.rank.losses import check_assignments, check_set
from yoto.permission.rank.not_below import anybody_above, check_none_above, check_none_above_at
from yoto.permission.rank.ranking import OUTSIDE, OWNER_RANK, may_handle, rank_of
from yoto.permission.rank.teams import members_of_teams
from yoto.permission.registry.scopes import Place, words_of
from yoto.permission.verdict.facts import Assignment
from yoto.permission.verdict.verdict import OUTRANKED, ROLE_TOO_HIGH, Decision
from yoto.store.models import NOWHERE, Effect, Role, RoleAssignment

# From the assignments that somebody has to those that they will have.
After = Callable[[tuple[Assignment, ...]], tuple[Assignment, ...]]


class Fields(NamedTuple):
    """The names of a call's arguments, for its errors."""

    subject: str = "subject"
    role: str = "role_id"


def check_window(start: datetime | None, end: datetime | None, now: datetime | None) -> None:
    """Raises ``ValidationFailed`` for times without a zone, and for a window that is empty or, with
    ``now``, over. An import of history has windows that are over, and no actor.
    """
    for field, moment in (("valid_from", start), ("valid_until", end)):
        if moment is None:
            continue
        if not isinstance(moment, datetime):
            raise ValidationFailed({field: "must be a datetime"})
        if moment.utcoffset() is None:
            raise ValidationFailed({field: "must have a time zone"})
        try:
            moment.astimezone(UTC)
        except OverflowError:
            raise ValidationFailed({field: "is at the end of time: UTC has no such year"}) from None
    if end is not None:
        if now is not None and end <= now:
            raise ValidationFailed({"valid_until": "is in the past"})
        if start is not None and end <= start:
            raise ValidationFailed({"valid_until": "must be after valid_from"})


class Window(NamedTuple):
    """From when to when a role is held, epoch seconds; None: no bound."""

    start: float | None
    end: float | None

    def within(self, other: Window) -> bool:
        """Whether it lies within ``other``."""
        begins = other.start is None or (self.start is not None and self.start >= other.start)
        ends = other.end is None or (self.end is not None and self.end <= other.end)
        return begins and ends


class Given(NamedTuple):
    """The parts of an assignment."""

    holder: Holder
    role: Role
    at: Place | None
    home: str

    @property
    def nodes(self) -> list[str]:
        """The node's possible texts in the table: with all below it, or alone."""
        return [NOWHERE] if self.at is None else [str(self.at), here_only_at(str(self.at))]


def given_roles(
    session: Session,
    subject: Any,
    role_ids: Iterable[Any],
    at: Any,
    now: float | None,
    fields: Fields,
) -> list[Given]:
    """The checked parts of assignments of several roles to one holder at one place.

    Args:
        now: epoch seconds, for new assignments; None: the assignments are taken away.
    """
    holder = holder_of(session, subject, fields.subject)
    roles = [require_role(session, one, fields.role, lent_too=now is None) for one in role_ids]
    if at is not None:
        site = site_in(session, checked_node(at, "at"), "at")
        if now is not None:
            # An assignment from before the node moved elsewhere can be taken there, too.
            for role in roles:
                if role.home not in (NOWHERE, site.home):
                    raise ValidationFailed({"at": f"is not in {words_of(role.home)}, the role's"})
            if isinstance(subject, Everyone) and holder.home != site.home:
                raise ValidationFailed({fields.subject: "is everybody of another node"})
        return [Given(holder, role, site.place, site.home or NOWHERE) for role in roles]
    homes = dict.fromkeys(role.home for role in roles)
    if isinstance(subject, Everyone) and any(home != holder.home for home in homes):
        raise ValidationFailed({"at": "say where everybody is to hold it"})
    if now is not None and holder.user_id is not None and holder.user_id < APPLICATIONS:
        for home in homes:
            if home != NOWHERE and rank_of(session, holder.user_id, home, now) == OUTSIDE:
                raise ValidationFailed({fields.subject: f"is no member of {words_of(home)}"})
    return [Given(holder, role, None, role.home) for role in roles]


def _is_free(authority: Authority, given: Given, until: float | None) -> bool:
    """Whether no rank is needed for the role there: the actor owns, administers or shares it."""
    return authority.stands_at(given.at, until) or authority.shares(given.role, given.at, until)


def check_rank(authority: Authority, given: Given) -> None:
    """Raises ``PermissionDenied`` where the role stands too high for the actor."""
    if not _is_free(authority, given, authority.now):
        authority.check_role(given.role, at=given.at)


def check_giving(authority: Authority, given: Given, until: float | None) -> None:
    """The hierarchy's rules for giving a role there.

    Raises:
        PermissionDenied: the actor lacks, or will lack before it ends, a permission that this
            gives; the role, or one it inherits from, stands too high; or it denies something to a
            user whom the actor does not outrank.
    """
    if authority.unbounded:
        return
    authority.check_delegation(_delegated(authority, given, Effect.ALLOW), until)
    if not _is_free(authority, given, until):
        line = role_closure(authority.session, given.role)
        authority.check_giving(given.role.home, line, until, given.at)
    if any(_delegated(authority, given, Effect.DENY).values()):
        stands = authority.stands_at(given.at, until)
        _check_outranks(authority, given, ROLE_TOO_HIGH, or_equal=not stands)


def check_taking(
    authority: Authority,
    taken: Sequence[tuple[Given, RoleAssignment]],
    left: Callable[[Collection[int]], After],
) -> None:
    """The hierarchy's rules for taking roles of one holder at one place; raises as
    ``check_giving``.

    Args:
        left: by ids of roles, the rights that the holder keeps when those are taken.
    """
    if authority.unbounded:
        return
    for given, _ in taken:
        authority.check_delegation(_delegated(authority, given, Effect.DENY))
    of_home: dict[str, list[int]] = {}
    for given, row in taken:
        user_id, homes = given.holder.user_id, {given.role.home, given.home}
        free = _is_free(authority, given, authority.now)
        if user_id is None and not free:
            _check_outranks(authority, given, OUTRANKED)
            continue
        # A rank that counts at the node alone is none over its owners and administrators.
        here_alone = free or not may_handle(authority.rank(given.role.home), given.role.position)
        if user_id is not None and given.at is not None and here_alone:
            check_none_above_at(authority, given.at, [user_id])
        at = _compared_at(authority, given)
        if user_id is None:
            for home in homes:
                check_set(authority, home, row, given.home, at)
        elif user_id > APPLICATIONS:
            check_none_above(authority, homes, [user_id], at=at)
        else:
            for home in homes:
                of_home.setdefault(home, []).append(given.role.id)
    # Together, since one role may deny a right that another gives.
    for home, role_ids in of_home.items():
        given = taken[0][0]
        assert given.holder.user_id is not None
        at = _compared_at(authority, given)
        check_assignments(authority, given.holder.user_id, home, role_ids, left(role_ids), at)


def _compared_at(authority: Authority, given: Given) -> Place | None:
    """The node at which ranks are compared; None: an owner or administrator of the node stands
    above all roles that are held there.
    """
    return None if authority.stands_at(given.at, authority.now) else given.at


def _check_outranks(
    authority: Authority, given: Given, reason: str, *, or_equal: bool = True
) -> None:
    """Check that the actor outranks every member of a set.

    Only the owner outranks everybody, and is never outranked on the platform for a role of it.

    Args:
        or_equal: False: no member outranks the actor, who owns or administers the node.
    """
    holder, session = given.holder, authority.session
    concerned: Collection[int]
    if holder.user_id is not None:
        concerned = [holder.user_id]
    elif holder.team_id is not None:
        concerned = members_of_teams(session, [holder.team_id])
    elif given.home != NOWHERE and authority.rank(given.home) >= OWNER_RANK:
        if anybody_above(authority, given.role.home, _compared_at(authority, given)):
            raise PermissionDenied(Decision(False, reason))
        return
    else:
        raise PermissionDenied(Decision(False, reason))
    if given.at is not None and not or_equal:
        check_none_above_at(authority, given.at, concerned, reason)
    check_none_above(
        authority,
        {given.role.home, given.home},
        concerned,
        or_equal=or_equal,
        reason=reason,
        at=_compared_at(authority, given),
    )


def _delegated(authority: Authority, given: Given, effect: Effect) -> DelegatedGrants:
    session = authority.session
    line = role_closure(session, given.role)
    return delegated_grants(session, authority.registry, line, effect, given.role.home, given.at)
