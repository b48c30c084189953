"""Access requests as rows of their table."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime

from sqlalchemy import exists, select
from sqlalchemy.orm import Session

from yoto.errors import UnknownResource
from yoto.permission.registry.scopes import Place, checked_id, place_of_text
from yoto.rooms.access_requests.model import AccessRequest
from yoto.rooms.access_requests.states import Approval, Life, RequestState
from yoto.store.models import Role, RoleAssignment

KIND = "access_request"


@dataclass(frozen=True, slots=True)
class Request:
    """A request as stored.

    Attributes:
        user_id: the number of the asker.
        place: the node.
        also: further permissions that are lent or refused with it.
        reason: the words of the asker.
        seconds: the requested time.
        created_at: epoch seconds.
        life: the state, the approvals and the times of the request.
        role_id: the role that holds the lent right, as long as it is lent.
    """

    id: int
    user_id: int
    permission: str
    place: Place
    reason: str
    seconds: int
    created_at: float
    life: Life
    role_id: int | None = None
    also: tuple[str, ...] = ()

    @property
    def permissions(self) -> tuple[str, ...]:
        """All requested permissions."""
        return (self.permission, *self.also)


def author_of(user_id: int) -> str:
    """The name of a person as an author in records."""
    return f"user:{user_id}"


def request_of(row: AccessRequest) -> Request:
    """The request of a row."""
    life = Life(
        asker=author_of(row.user_id),
        needed=row.needed,
        state=RequestState(row.state),
        approvals=tuple(Approval(**one) for one in row.approvals),
        due=_seconds(row.due_at),
        decided_by=row.decided_by,
        decided_at=_seconds(row.decided_at),
        decision=row.decision,
        until=_seconds(row.until),
        ended_at=_seconds(row.ended_at),
    )
    return Request(
        row.id,
        row.user_id,
        row.permission,
        place_of_text(row.place),
        row.reason,
        row.seconds,
        row.created_at.timestamp(),
        life,
        row.role_id,
        tuple(row.also or ()),
    )


def put(row: AccessRequest, life: Life) -> None:
    """Store the new life of a request."""
    row.state, row.needed = life.state.value, life.needed
    row.approvals = [asdict(one) for one in life.approvals]
    row.due_at = _moment(life.due)
    row.decided_by, row.decision = life.decided_by, life.decision
    row.decided_at, row.until = _moment(life.decided_at), _moment(life.until)
    row.ended_at = _moment(life.ended_at)
    if life.is_closed:
        row.open_key = row.role_id = None


def new_row(
    user_id: int,
    permissions: Sequence[str],
    place: Place,
    reason: str,
    seconds: int,
    at: float,
    life: Life,
) -> AccessRequest:
    """A row for a request that is made now, for one permission or several."""
    permission, *also = permissions
    row = AccessRequest(
        open_key=key_of(user_id, permissions, place),
        user_id=user_id,
        permission=permission,
        also=also or None,
        place=str(place),
        reason=reason,
        seconds=seconds,
        created_at=_moment(at),
    )
    put(row, life)
    return row


def key_of(user_id: int, permissions: Sequence[str], place: Place) -> str:
    """The name of the only such request that may be open: short, however long the names are."""
    text = f"{user_id}/{'+'.join(sorted(permissions))}/{place}"
    return hashlib.sha256(text.encode()).hexdigest()


def locked(session: Session, request_id: int) -> AccessRequest:
    """The row of a request, locked until the transaction ends.

    Raises:
        UnknownResource: there is none.
    """
    row = session.get(AccessRequest, checked_id(request_id, "id"), with_for_update=True)
    if row is None:
        raise UnknownResource(KIND, request_id, "id")
    return row


def open_row(session: Session, key: str, *, lock: bool = False) -> AccessRequest | None:
    """The row of the open or granted request with this key.

    Args:
        lock: read the committed state, not the snapshot of the transaction.
    """
    found = select(AccessRequest).where(AccessRequest.open_key == key)
    return session.scalar(found.with_for_update() if lock else found)


def listed(
    session: Session,
    *,
    user_id: int | None,
    states: Collection[str],
    after: int | None,
    limit: int,
) -> Sequence[Request]:
    """Requests, newest first, with ids below ``after``; no states: all."""
    statement = select(AccessRequest).order_by(AccessRequest.id.desc()).limit(limit)
    if user_id is not None:
        statement = statement.where(AccessRequest.user_id == user_id)
    if states:
        statement = statement.where(AccessRequest.state.in_(states))
    if after is not None:
        statement = statement.where(AccessRequest.id < after)
    return [request_of(row) for row in session.scalars(statement)]


def due_ids(session: Session, now: float, limit: int) -> Sequence[int]:
    """Requests that are due, or whose role is gone, so that nothing is lent; at most ``limit`` of
    either kind.
    """
    found = select(AccessRequest.id).limit(limit)
    due = AccessRequest.due_at <= datetime.fromtimestamp(now, UTC)
    granted = AccessRequest.state == RequestState.GRANTED.value
    held = exists().where(
        RoleAssignment.role_id == AccessRequest.role_id,
        Role.id == RoleAssignment.role_id,
        Role.access_request_id == AccessRequest.id,
    )
    # Two statements, for two indexes; neither reads the closed requests, which are most.
    ids = {*session.scalars(found.where(due)), *session.scalars(found.where(granted, ~held))}
    return sorted(ids)


def is_lent(session: Session, request: Request) -> bool:
    """Whether anybody still holds the role of a request."""
    if request.role_id is None:
        return False
    held = (
        select(RoleAssignment.id)
        .join(Role, Role.id == RoleAssignment.role_id)
        .where(Role.id == request.role_id, Role.access_request_id == request.id)
    )
    return session.scalar(held.limit(1)) is not None


def next_due(session: Session) -> float | None:
    """Epoch seconds at which the next request is due."""
    first = select(AccessRequest.due_at).where(AccessRequest.due_at.is_not(None))
    return _seconds(session.scalar(first.order_by(AccessRequest.due_at).limit(1)))


def _seconds(at: datetime | None) -> float | None:
    return None if at is None else at.timestamp()


def _moment(at: float | None) -> datetime | None:
    return None if at is None else datetime.fromtimestamp(at, UTC)
