"""One change of a request: stored with its record, and published after the commit."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from sqlalchemy.orm import Session

from yoto.errors import UnknownResource
from yoto.permission.database.transactions import write
from yoto.permission.loading.finding import site_in
from yoto.permission.people.numbers import SubjectId, actor_number
from yoto.permission.registry.scopes import Place
from yoto.permission.state import PermissionState, get_state
from yoto.permission.writes.role_rules import LENDING
from yoto.rooms.access_requests import rows
from yoto.rooms.access_requests.events import REACHED, AccessRequestEvent, event_of
from yoto.rooms.access_requests.lending import take_back
from yoto.rooms.access_requests.model import AccessRequest
from yoto.rooms.access_requests.rows import KIND, Request, author_of
from yoto.rooms.access_requests.settling import current_desk
from yoto.rooms.access_requests.states import RequestState, pass_time
from yoto.store.models import record_audit

REASON_LENGTH = 500
SYSTEM = "system"

_ACTIONS = {
    RequestState.OPEN: "access_request.approve",
    RequestState.GRANTED: "access_request.grant",
    RequestState.REFUSED: "access_request.refuse",
    RequestState.WITHDRAWN: "access_request.withdraw",
    RequestState.LAPSED: "access_request.lapse",
    RequestState.ENDED: "access_request.end",
}


class RequestAct:
    """One change of a request.

    Attributes:
        row: the row of the request, locked.
        request: the request before the block of ``deciding``; after the block, with its new life.
        number, author: the actor; None: the system, or an operator without an account.
        life, reason: the new life of the request, and the reason for it.
    """

    def __init__(
        self, session: Session, row: AccessRequest, number: int | None, author: str
    ) -> None:
        self.session, self.row, self.request = session, row, rows.request_of(row)
        self.number, self.author = number, author
        self.life = self.request.life
        self.reason: str | None = None


@contextmanager
def deciding(
    request_id: int, actor_id: SubjectId | None, by: str | None
) -> Iterator[tuple[PermissionState, RequestAct]]:
    """A block that may give a request another life; it is stored, recorded and published.

    Raises:
        UnknownResource: there is no such request.
    """
    state, number = get_state(), actor_number(actor_id)
    event: AccessRequestEvent | None = None
    with write(True) as session:
        row = rows.locked(session, request_id)
        author = by or (SYSTEM if number is None else author_of(number))
        act = RequestAct(session, row, number, author)
        yield state, act
        if act.life != act.request.life:
            event = _store(state, act)
        act.request = rows.request_of(row)
    if event is not None:
        current_desk().publish(event)


def still_open(
    state: PermissionState,
    session: Session,
    user_id: int,
    permissions: Sequence[str],
    place: Place,
    *,
    lock: bool = False,
) -> Request | None:
    """The request that is open or granted; one that is due is closed first. ``lock``: see
    ``open_row``.
    """
    row = rows.open_row(session, rows.key_of(user_id, permissions, place), lock=lock)
    if row is None:
        return None
    act = RequestAct(session, row, None, SYSTEM)
    act.life = pass_time(act.request.life, state.clock())
    if act.life == act.request.life:
        return act.request
    _store(state, act)
    return None


def _store(state: PermissionState, act: RequestAct) -> AccessRequestEvent:
    """Store the new life with its record; returns the event to publish after the commit."""
    life = act.life
    rows.put(act.row, life)
    if life.is_closed and act.request.role_id is not None:
        take_back(act.session, act.request, named(act.request, act.reason))
    act.session.flush()
    after = rows.request_of(act.row)
    by = "" if act.author == SYSTEM else act.author
    author = act.number if act.number is not None else by or None
    record(act.session, after, _ACTIONS[life.state], author, act.reason, act.request)
    event = event_of(REACHED[life.state], after, by)
    announce(state, act.session, event)
    return event


def record(
    session: Session,
    request: Request,
    action: str,
    by: int | str | None,
    reason: str | None,
    before: Request | None = None,
) -> None:
    """Add a record of a step to the audit log."""
    try:
        home = site_in(session, request.place, "scope_id").home
    except UnknownResource:
        home = None
    record_audit(
        action,
        f"{KIND}:{request.id}",
        by=by,
        home=home,
        before=None if before is None else {"state": before.life.state.value},
        after={
            "state": request.life.state.value,
            "user": author_of(request.user_id),
            "permission": request.permission,
            **({"also": list(request.also)} if request.also else {}),
            "place": str(request.place),
            "seconds": request.seconds,
            "approvals": [one.by for one in request.life.approvals],
            "until": request.life.until,
            "role_id": request.role_id,
        },
        reason=reason,
        session=session,
    )


def announce(state: PermissionState, session: Session, event: AccessRequestEvent) -> None:
    """Let others store in the transaction of a step what belongs to it."""
    for one in state.joins:
        one(session, event)


def named(request: Request, reason: str | None) -> str:
    """The reason of a write that a request brings about, with the name of the request."""
    name = f"{LENDING}{request.id}"
    return (name if not reason else f"{name}: {reason}")[:REASON_LENGTH]
