"""Events of access requests. They name no words of people: those are for who may read them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from yoto.events import Event, event_type
from yoto.permission.requests.states import RequestState

if TYPE_CHECKING:
    from yoto.permission.requests.rows import Request


class AccessRequestEvent(Event, frozen=True, kw_only=True):
    """A step of a request.

    Who asks for what, and who decided, webhooks are told and the stream of events is not: that is
    read by whoever may view the platform. They are None there.

    Attributes:
        access_request_id: which request.
        state: by now.
        user_id: the number of who asks.
        permission, scope, scope_id: for what, and where.
        also: further permissions that it asks for.
        by: the author of the step, such as ``user:42``; empty: it came by itself.
        approvals, needed: persons who approved, and who must.
        until: epoch seconds at which what was granted ends.
    """

    access_request_id: int
    state: str
    user_id: int | None = None
    permission: str | None = None
    scope: str | None = None
    scope_id: int | str | None = None
    also: tuple[str, ...] = ()
    by: str | None = None
    approvals: int = 0
    needed: int = 1
    until: float | None = None

    def for_stream(self) -> AccessRequestEvent:
        """The same, without who asks for what."""
        return type(self)(
            access_request_id=self.access_request_id,
            state=self.state,
            approvals=self.approvals,
            needed=self.needed,
            until=self.until,
        )


@event_type("access_request.asked")
class AccessAsked(AccessRequestEvent, frozen=True, kw_only=True):
    """Somebody asks for a right."""


@event_type("access_request.approved")
class AccessApproved(AccessRequestEvent, frozen=True, kw_only=True):
    """One of several persons agreed; others must as well."""


@event_type("access_request.granted")
class AccessGrantedOnRequest(AccessRequestEvent, frozen=True, kw_only=True):
    """The right is lent from now on until then."""


@event_type("access_request.refused")
class AccessRefused(AccessRequestEvent, frozen=True, kw_only=True):
    """Somebody who might have granted it refused."""


@event_type("access_request.withdrawn")
class AccessWithdrawn(AccessRequestEvent, frozen=True, kw_only=True):
    """Who asked does no more."""


@event_type("access_request.lapsed")
class AccessLapsed(AccessRequestEvent, frozen=True, kw_only=True):
    """Nobody answered in time."""


@event_type("access_request.ended")
class AccessEnded(AccessRequestEvent, frozen=True, kw_only=True):
    """What was lent is over, by itself or before its time."""


REACHED: dict[RequestState, type[AccessRequestEvent]] = {
    RequestState.OPEN: AccessApproved,
    RequestState.GRANTED: AccessGrantedOnRequest,
    RequestState.REFUSED: AccessRefused,
    RequestState.WITHDRAWN: AccessWithdrawn,
    RequestState.LAPSED: AccessLapsed,
    RequestState.ENDED: AccessEnded,
}


def event_of(kind: type[AccessRequestEvent], request: Request, by: str) -> AccessRequestEvent:
    """The event of a step of a request, as it is after it."""
    life, place = request.life, request.place
    return kind(
        access_request_id=request.id,
        user_id=request.user_id,
        permission=request.permission,
        also=request.also,
        scope=place.kind,
        scope_id=place.id if isinstance(place.id, int) else str(place.id),
        state=life.state.value,
        by=by,
        approvals=len(life.approvals),
        needed=life.needed,
        until=life.until,
    )
