"""Events of access requests. They name no words of people: those are for who may read them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from yoto.events import Event, event_type
from yoto.rooms.access_requests.states import RequestState

if TYPE_CHECKING:
    from yoto.rooms.access_requests.rows import Request


class AccessRequestEvent(Event, frozen=True, kw_only=True):
    """A step of a request.

    Webhooks are told the asker, the right and the author of the decision. The stream of events has
    None there, since everybody who may view the platform reads it.

    Attributes:
        access_request_id: the request.
        state: the state after the step.
        user_id: the number of the asker.
        permission, scope, scope_id: the right, and its place.
        also: further permissions that it asks for.
        by: the author of the step, such as ``user:42``; empty: time ended the request.
        approvals, needed: the number of persons who approved, and the number who must.
        until: the end of the grant, in epoch seconds.
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
        """The same without the asker, the right and the author."""
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
    """One of several persons agreed; others must agree, too."""


@event_type("access_request.granted")
class AccessGrantedOnRequest(AccessRequestEvent, frozen=True, kw_only=True):
    """The right is lent from now on until ``until``."""


@event_type("access_request.refused")
class AccessRefused(AccessRequestEvent, frozen=True, kw_only=True):
    """A person who might have granted it refused."""


@event_type("access_request.withdrawn")
class AccessWithdrawn(AccessRequestEvent, frozen=True, kw_only=True):
    """The asker took the request back."""


@event_type("access_request.lapsed")
class AccessLapsed(AccessRequestEvent, frozen=True, kw_only=True):
    """Nobody answered in time."""


@event_type("access_request.ended")
class AccessEnded(AccessRequestEvent, frozen=True, kw_only=True):
    """The lent right is over, by itself or before its time."""


REACHED: dict[RequestState, type[AccessRequestEvent]] = {
    RequestState.OPEN: AccessApproved,
    RequestState.GRANTED: AccessGrantedOnRequest,
    RequestState.REFUSED: AccessRefused,
    RequestState.WITHDRAWN: AccessWithdrawn,
    RequestState.LAPSED: AccessLapsed,
    RequestState.ENDED: AccessEnded,
}


def event_of(kind: type[AccessRequestEvent], request: Request, by: str) -> AccessRequestEvent:
    """The event of a step of a request, with the state after the step."""
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
