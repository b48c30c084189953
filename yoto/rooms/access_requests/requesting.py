"""``permissions.access_requests``: asking for a right, lending it, refusing."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from contextlib import suppress
from dataclasses import replace

from sqlalchemy.exc import IntegrityError

from yoto.errors import PermissionDenied, UnknownResource, ValidationFailed, WriteConflict
from yoto.nodes import PUBLIC_NUMBER, NodeId
from yoto.permission.checking.deciding import decide
from yoto.permission.database.transactions import write
from yoto.permission.loading.source import reading
from yoto.permission.people.numbers import SubjectId, actor_number, person_number
from yoto.permission.rank.hierarchy import Authority
from yoto.permission.registry.scopes import checked_id, parse_place, place_key
from yoto.permission.state import get_state
from yoto.permission.verdict.verdict import Decision
from yoto.rooms.access_requests import rows
from yoto.rooms.access_requests.acts import (
    REASON_LENGTH,
    SYSTEM,
    announce,
    deciding,
    named,
    record,
    still_open,
)
from yoto.rooms.access_requests.deciders import (
    approvals_needed,
    decidable_by,
    demand_decider,
    is_requestable,
    still_approves,
)
from yoto.rooms.access_requests.events import AccessAsked, event_of
from yoto.rooms.access_requests.lending import demand_approver, lend
from yoto.rooms.access_requests.model import AccessRequest
from yoto.rooms.access_requests.rows import KIND, Request, author_of
from yoto.rooms.access_requests.settling import current_desk
from yoto.rooms.access_requests.states import (
    Approval,
    Life,
    RequestState,
    approve,
    end,
    pass_time,
    refuse,
    withdraw,
)
from yoto.rules import Whole, checked
from yoto.store.db import db

# Requests that an inbox looks through for one page.
LOOKED_AT_ONCE = 100
MOST_LOOKED_AT = 300
MOST_OPEN = 20  # requests of one person at a time
MOST_AT_ONCE = 10  # permissions of one request: no act takes more
NOT_LENT = "nobody may ask for it there"
OWN_REQUEST = "own_request"
# Several approvers must be known persons: an operator at a terminal may be one of the others.
NO_ACCOUNT = "no_account"
LOST = "the role that held it is gone"


class Requesting:
    """Access requests. Each call commits. Shared arguments and errors:

    Args:
        request_id: of a request.
        actor_id: the actor, bound by the rules of ``demand_approver``; None: the system itself, or
            an operator without an account, whose name for records is ``by``.
        reason: the actor's own words.

    Raises:
        UnknownResource: there is no such request.
        AccessRequestClosed: the request has reached another state.
        PermissionDenied: the actor may not do this; nothing was changed.
        StoreUnavailable: the database did not answer.
    """

    def ask(
        self,
        user_id: SubjectId,
        permission: str,
        scope: str,
        scope_id: NodeId,
        seconds: int,
        reason: str,
        also: Sequence[str] = (),
    ) -> Request:
        """Ask to be lent a permission at a node for a time.

        If a request for the same is open or granted, that one is returned unchanged.

        Args:
            also: further permissions that the same act takes there. One decision lends or refuses
                all of them, and the strictest of them sets the number of approvals.

        Raises:
            ValidationFailed: nobody may ask for it there, they have it, or the time is too long.
            UnknownPermission, UnknownResource: there is no such permission, or place.
        """
        state = get_state()
        number, place = person_number(user_id), parse_place(scope, scope_id)
        asked = {"permission": [permission], "also": _checked_also(permission, also)}
        wanted = [(field, state.registry.get(name)) for field in asked for name in asked[field]]
        needed = 0
        for field, one in wanted:
            approvals = approvals_needed(state, one, place)
            if not approvals or number == PUBLIC_NUMBER:
                raise ValidationFailed({field: NOT_LENT})
            needed = max(needed, approvals)
        names = [one.name for _, one in wanted]
        seconds, reason = _checked_seconds(seconds), _checked_reason(reason)
        with write(True) as session:
            found = still_open(state, session, number, names, place)
            if found is not None:
                return found
            open_now = rows.listed(
                session, user_id=number, states=[RequestState.OPEN], after=None, limit=MOST_OPEN
            )
            if len(open_now) == MOST_OPEN:
                raise ValidationFailed({"permission": f"{MOST_OPEN} requests are open already"})
            for field, one in wanted:
                decision = decide(state.quiet(), number, one, place_key(place))
                if decision.allowed:
                    raise ValidationFailed({field: "you have it there already"})
                if not is_requestable(state, number, one.name, place, decision.reason):
                    raise PermissionDenied(decision, one.name, *place)
            now = state.clock()
            due = now + current_desk().settings.lapse_seconds
            life = Life(asker=author_of(number), needed=needed, due=due)
            row = rows.new_row(number, names, place, reason, seconds, now, life)
            try:
                with session.begin_nested():
                    session.add(row)
            except IntegrityError:
                # Found if the same person asked elsewhere a moment ago.
                found = still_open(state, session, number, names, place, lock=True)
                if found is None:
                    raise
                return found
            made = rows.request_of(row)
            event = event_of(AccessAsked, made, author_of(number))
            record(session, made, "access_request.ask", number, reason)
            announce(state, session, event)
        current_desk().publish(event)
        return made

    def get(self, request_id: int) -> Request:
        """One request as it is now."""
        now = get_state().clock()
        with reading():
            row = db.session.get(AccessRequest, checked_id(request_id, "id"))
        if row is None:
            raise UnknownResource(KIND, request_id, "id")
        return _as_of(rows.request_of(row), now)

    def page(
        self,
        user_id: SubjectId | None = None,
        states: Collection[str] = (),
        after: int | None = None,
        limit: int = 100,
    ) -> list[Request]:
        """Requests, newest first: those of one person, or all; no states: in any state.

        Args:
            after: the id of the last one of the page before.
        """
        now = get_state().clock()
        number = None if user_id is None else person_number(user_id)
        with reading():
            found = rows.listed(
                db.session(), user_id=number, states=states, after=after, limit=limit
            )
        return [_as_of(one, now) for one in found]

    def inbox(
        self, actor_id: SubjectId, after: int | None = None, limit: int = 100
    ) -> tuple[list[Request], int | None]:
        """The open requests of others that the actor may grant now, newest first, and ``after`` of
        the next page. One call reads a limited number of requests, so a page may be short or empty
        although another one follows.
        """
        found: list[Request] = []
        looked_at = 0
        while looked_at < MOST_LOOKED_AT:
            page = self.page(None, [RequestState.OPEN.value], after, LOOKED_AT_ONCE)
            found += self.decidable(actor_id, page)
            looked_at += len(page)
            if len(found) > limit:
                return found[:limit], found[limit - 1].id
            if len(page) < LOOKED_AT_ONCE:
                return found, None
            after = page[-1].id
        return found, after

    def decidable(self, actor_id: SubjectId | None, requests: Iterable[Request]) -> list[Request]:
        """Those of ``requests`` that are open, by another person, and the actor's to decide
        about."""
        state, number = get_state(), actor_number(actor_id)
        wanted = [
            one for one in requests if one.user_id != number and one.life.state is RequestState.OPEN
        ]
        if not wanted:
            return []
        return decidable_by(state, db.session(), number, wanted)

    def may_decide(self, actor_id: SubjectId | None, request: Request) -> bool:
        """Whether another person made the request and the actor may decide about it, in any
        state."""
        opened = replace(request, life=replace(request.life, state=RequestState.OPEN))
        return bool(self.decidable(actor_id, [opened]))

    def grant(
        self,
        request_id: int,
        *,
        actor_id: SubjectId | None = None,
        by: str | None = None,
        seconds: int | None = None,
        reason: str | None = None,
    ) -> Request:
        """Approve it; the last necessary approval lends the right from now on.

        Args:
            seconds: the time of the loan; None: the requested time.

        Raises:
            ValidationFailed: the time is too long, or the role would not be enough.
            PermissionDenied: the actor may not lend it, is the asker, or has no account where
                several persons must agree.
        """
        with deciding(request_id, actor_id, by) as (state, act):
            length = act.request.seconds if seconds is None else _checked_seconds(seconds)
            now, request = state.clock(), act.request
            asked = [state.registry.get(name) for name in request.permissions]
            authority = Authority(state, act.session, act.number)
            demand_approver(authority, request.place, request.user_id, asked, now + length)
            if act.author == request.life.asker:
                raise PermissionDenied(Decision(False, OWN_REQUEST), request.permission)
            each = [approvals_needed(state, one, request.place) for one in asked]
            if not all(each):
                raise ValidationFailed({"permission": NOT_LENT})
            needed = max(*each, request.life.needed)
            if needed > 1 and act.number is None:
                raise PermissionDenied(Decision(False, NO_ACCOUNT), request.permission)
            still = [
                one.by
                for one in request.life.approvals
                if still_approves(state, act.session, request, one)
            ]
            act.life = approve(
                replace(request.life, needed=needed),
                Approval(act.author, now, length, reason),
                standing=still,
            )
            act.reason = reason
            if act.life.state is RequestState.GRANTED:
                assert act.life.until is not None
                act.row.role_id = lend(
                    state,
                    act.session,
                    request,
                    asked,
                    act.life.until,
                    act.number,
                    named(request, reason),
                )
        return act.request

    def refuse(
        self,
        request_id: int,
        *,
        actor_id: SubjectId | None = None,
        by: str | None = None,
        reason: str | None = None,
    ) -> Request:
        """Refuse it: one person who may grant it is enough."""
        return _decided(refuse, request_id, actor_id, by, reason)

    def withdraw(
        self, request_id: int, *, actor_id: SubjectId, reason: str | None = None
    ) -> Request:
        """Take back a request of one's own, or give back the lent right."""
        with deciding(request_id, actor_id, None) as (state, act):
            if act.author != act.request.life.asker:
                raise PermissionDenied(Decision(False, "not_yours"), act.request.permission)
            now, life = state.clock(), act.request.life
            if life.state is RequestState.GRANTED:
                act.life = end(life, act.author, now, reason)
            else:
                act.life = withdraw(life, now, reason)
            act.reason = reason
        return act.request

    def end(
        self,
        request_id: int,
        *,
        actor_id: SubjectId | None = None,
        by: str | None = None,
        reason: str | None = None,
    ) -> Request:
        """Take back a lent right before its time; everybody who may grant it may do this."""
        return _decided(end, request_id, actor_id, by, reason)

    def settle(self, limit: int = 100) -> float | None:
        """Close the requests that lapsed or ended by themselves, and publish these steps.

        Returns:
            Epoch seconds at which the next one is due; None: none is.
        """
        state = get_state()
        with reading():
            ids = rows.due_ids(db.session(), state.clock(), limit)
        db.session.rollback()
        for request_id in ids:
            with (
                suppress(UnknownResource, WriteConflict),  # another worker was first, or will be
                deciding(request_id, None, None) as (state, act),
            ):
                now, life = state.clock(), act.request.life
                act.life = pass_time(life, now)
                granted = act.life.state is RequestState.GRANTED
                if granted and not rows.is_lent(act.session, act.request):
                    act.life = end(life, SYSTEM, now, LOST)
        with reading():
            due = rows.next_due(db.session())
        db.session.rollback()
        return due


def _as_of(request: Request, now: float) -> Request:
    return replace(request, life=pass_time(request.life, now))


def _decided(
    step: Callable[[Life, str, float, str | None], Life],
    request_id: int,
    actor_id: SubjectId | None,
    by: str | None,
    reason: str | None,
) -> Request:
    """A request after a step of an actor who may grant it now."""
    with deciding(request_id, actor_id, by) as (state, act):
        demand_decider(state, act)
        act.life = step(act.request.life, act.author, state.clock(), reason)
        act.reason = reason
    return act.request


def _checked_seconds(seconds: int) -> int:
    longest = current_desk().settings.max_seconds
    return int(checked("seconds", seconds, Whole(1, longest, "s"), shown=False))


def _checked_also(permission: str, also: Sequence[str]) -> list[str]:
    names = [permission, *also]
    if len(names) > MOST_AT_ONCE or len(set(names)) < len(names):
        text = f"must be at most {MOST_AT_ONCE - 1} further permissions, each another one"
        raise ValidationFailed({"also": text})
    return names[1:]


def _checked_reason(reason: str) -> str:
    if not isinstance(reason, str) or not 1 <= len(reason.strip()) <= REASON_LENGTH:
        raise ValidationFailed({"reason": f"must be a text of 1 to {REASON_LENGTH} characters"})
    return reason.strip()


REQUESTING = Requesting()
