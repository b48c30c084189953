"""The life of an access request, as values: no clock, no database.

open -> granted -> ended
     -> refused, withdrawn, lapsed
"""

from __future__ import annotations

import enum
from collections.abc import Iterable
from dataclasses import dataclass, replace

from yoto.errors import PlatformError


class AccessRequestClosed(PlatformError):
    """An access request is in another state by now; nothing was changed.

    Attributes:
        state: which: ``open``, ``granted``, ``refused``, ``withdrawn``, ``lapsed`` or ``ended``.
    """

    def __init__(self, state: str) -> None:
        super().__init__(f"the request is {state} by now")
        self.state = state


class RequestState(enum.StrEnum):
    """The state of a request."""

    OPEN = "open"
    GRANTED = "granted"
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"
    LAPSED = "lapsed"
    ENDED = "ended"


@dataclass(frozen=True, slots=True)
class Approval:
    """One person's consent.

    Attributes:
        by: the author, as records name authors: ``user:42``.
        at: epoch seconds.
        seconds: for how long, at most.
        reason: their own words.
    """

    by: str
    at: float
    seconds: int
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class Life:
    """The part of a request that changes.

    Attributes:
        asker: the author of the request; never one of the approvers.
        needed: the number of persons who must approve.
        due: epoch seconds at which the request lapses or ends by itself; None: it is closed.
        decided_by, decided_at, decision: the last decider, the time of the decision, and its words.
        until: the promised end of the grant, in epoch seconds.
        ended_at: the time at which it was over.
    """

    asker: str
    needed: int
    state: RequestState = RequestState.OPEN
    approvals: tuple[Approval, ...] = ()
    due: float | None = None
    decided_by: str | None = None
    decided_at: float | None = None
    decision: str | None = None
    until: float | None = None
    ended_at: float | None = None

    @property
    def is_closed(self) -> bool:
        """Whether nothing can happen to it any more."""
        return self.state not in (RequestState.OPEN, RequestState.GRANTED)


def approve(life: Life, approval: Approval, *, standing: Iterable[str] = ()) -> Life:
    """With one more approval; granted if it was the last that the request needs.

    The shortest time that an approver allowed counts. A second approval of the same person replaces
    the first.

    Args:
        standing: authors of earlier approvals who may still give one; those of others are dropped.

    Raises:
        AccessRequestClosed: it is not open, or has lapsed by then.
        ValueError: the approver is the asker.
    """
    _demand(life, RequestState.OPEN, approval.at)
    if approval.by == life.asker:
        raise ValueError("nobody approves a request of their own")
    still = set(standing) - {approval.by}
    approvals = (*(one for one in life.approvals if one.by in still), approval)
    if len(approvals) < life.needed:
        return replace(life, approvals=approvals)
    until = approval.at + min(one.seconds for one in approvals)
    return replace(
        life,
        state=RequestState.GRANTED,
        approvals=approvals,
        due=until,
        until=until,
        decided_by=approval.by,
        decided_at=approval.at,
        decision=approval.reason,
    )


def refuse(life: Life, by: str, at: float, reason: str | None) -> Life:
    """Refused; one person is enough. Raises ``AccessRequestClosed`` like ``approve``."""
    _demand(life, RequestState.OPEN, at)
    return _decided(life, RequestState.REFUSED, by, at, reason)


def withdraw(life: Life, at: float, reason: str | None = None) -> Life:
    """Taken back by the asker. Raises ``AccessRequestClosed`` like ``approve``."""
    _demand(life, RequestState.OPEN, at)
    return _decided(life, RequestState.WITHDRAWN, life.asker, at, reason)


def end(life: Life, by: str, at: float, reason: str | None) -> Life:
    """Ended before its time, by the holder or by a person who may grant it.

    Raises:
        AccessRequestClosed: it is not granted, or has ended by then.
    """
    _demand(life, RequestState.GRANTED, at)
    return _decided(life, RequestState.ENDED, by, at, reason)


def pass_time(life: Life, now: float) -> Life:
    """The life at ``now``: lapsed or ended if it was due, else unchanged."""
    if life.due is None or now < life.due:
        return life
    state = RequestState.LAPSED if life.state is RequestState.OPEN else RequestState.ENDED
    return replace(life, state=state, due=None, ended_at=life.due)


def _demand(life: Life, state: RequestState, at: float) -> None:
    found = pass_time(life, at).state
    if found is not state:
        raise AccessRequestClosed(found.value)


def _decided(life: Life, state: RequestState, by: str, at: float, reason: str | None) -> Life:
    return replace(
        life,
        state=state,
        due=None,
        decided_by=by,
        decided_at=at,
        decision=reason,
        ended_at=at,
    )
