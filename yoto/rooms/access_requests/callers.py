"""Access requests of people: their own, and those that they may grant.

A caller who may neither see the place nor grant the request learns nothing of it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import select

from yoto.api.visibility import demand_sight, sees
from yoto.errors import UnknownResource
from yoto.http.paging import Page, cut
from yoto.nodes import APPLICATIONS
from yoto.permission import Place, own_ids, subject_text
from yoto.rooms.access_requests.requesting import REQUESTING
from yoto.rooms.access_requests.rows import Request
from yoto.rooms.access_requests.schemas import INBOX
from yoto.store.db import db
from yoto.store.models import User, account_of
from yoto.store.resources import known_types

KIND = "access_request"
STEPS: Mapping[str, Callable[..., Request]] = {
    "grant": REQUESTING.grant,
    "refuse": REQUESTING.refuse,
    "withdraw": REQUESTING.withdraw,
    "end": REQUESTING.end,
}


def ask(caller_id: int, asked: Mapping[str, Any]) -> dict[str, Any]:
    """Ask for a right.

    Raises:
        UnknownResource: the place does not exist, or is hidden from the caller.
        and as ``PermissionSystem.ask_for_access``.
    """
    demand_sight(caller_id, [Place(asked["scope"], asked["scope_id"])])
    return shown(caller_id, [REQUESTING.ask(caller_id, **asked)])[0]


def page(
    caller_id: int, *, box: str, state: str | None, after: int | None, limit: int
) -> Page[dict[str, Any]]:
    """The caller's own requests, or those of others that they may grant; newest first."""
    if box == INBOX:
        decidable, following = REQUESTING.inbox(caller_id, after, limit)
        return Page(shown(caller_id, decidable, decidable), following)
    states = () if state is None else (state,)
    found = REQUESTING.page(caller_id, states, after, limit + 1)
    cutting = cut(found, limit, lambda one: one.id)
    return Page(shown(caller_id, cutting.items), cutting.next)


def one(caller_id: int, request_id: int) -> dict[str, Any]:
    """A request of the caller's, or one that they may decide about.

    Raises:
        UnknownResource: there is none.
    """
    found = REQUESTING.get(request_id)
    if found.user_id != caller_id and not REQUESTING.may_decide(caller_id, found):
        raise UnknownResource(KIND, request_id, "request_id")
    return shown(caller_id, [found])[0]


def demand_sight_of(caller_id: int, request_id: int) -> None:
    """Demand that the request is the caller's own, or at a place that they can see.

    Raises:
        UnknownResource: it is neither.
    """
    found = REQUESTING.get(request_id)
    if found.user_id == caller_id:
        return
    try:
        if sees(caller_id, *found.place):
            return
    except UnknownResource:
        pass  # the place no longer exists
    raise UnknownResource(KIND, request_id, "request_id")


def take(step: str, request_id: int, actor_id: int | None, **given: Any) -> dict[str, Any]:
    """Take a step of a request, ``grant``, ``refuse``, ``withdraw`` or ``end``, and return it.

    Args:
        actor_id: the person who takes it; None: the system itself.
        given: further arguments for the step's method of ``permissions``.
    """
    return shown(actor_id, [STEPS[step](request_id, actor_id=actor_id, **given)])[0]


def shown(
    caller_id: int | None,
    requests: Sequence[Request],
    decidable: Iterable[Request] | None = None,
) -> list[dict[str, Any]]:
    """Requests with the names of people and places.

    Args:
        caller_id: the person whose right to decide is shown with each; None: the system itself.
        decidable: the requests that they may decide, if that is known already.
    """
    if decidable is None:
        decidable = REQUESTING.decidable(caller_id, requests)
    may_decide = {one.id for one in decidable}
    authors = {author for one in requests for author in _authors(one)}
    accounts = {author: account_of(author) for author in authors}
    numbers = {one.user_id for one in requests}
    numbers |= {number for number in accounts.values() if number is not None}
    people = {
        number: (username, name)
        for number, username, name in db.session.execute(
            select(User.id, User.username, User.display_name).where(
                User.id.in_([number for number in numbers if number < APPLICATIONS])
            )
        )
    }
    named = {
        author: people[number][0]
        for author, number in accounts.items()
        if number is not None and number in people
    }
    ids, places = own_ids(numbers), _names_of(one.place for one in requests)
    return [
        {
            **_person(one.user_id, ids, people),
            "id": one.id,
            "permission": one.permission,
            "also": list(one.also),
            "scope": one.place.kind,
            "scope_id": one.place.id,
            "place_name": places.get(one.place),
            "reason": one.reason,
            "seconds": one.seconds,
            "state": one.life.state.value,
            "needed": one.life.needed,
            "approvals": [
                {
                    "by": approval.by,
                    "by_name": named.get(approval.by),
                    "at": _moment(approval.at),
                    "seconds": approval.seconds,
                    "reason": approval.reason,
                }
                for approval in one.life.approvals
            ],
            "may_decide": one.id in may_decide,
            "created_at": _moment(one.created_at),
            "due_at": _moment(one.life.due),
            "until": _moment(one.life.until),
            "decided_at": _moment(one.life.decided_at),
            "decided_by": one.life.decided_by,
            "decided_by_name": named.get(one.life.decided_by or ""),
            "decision": one.life.decision,
            "ended_at": _moment(one.life.ended_at),
        }
        for one in requests
    ]


def _authors(request: Request) -> Iterable[str]:
    if request.life.decided_by is not None:
        yield request.life.decided_by
    yield from (one.by for one in request.life.approvals)


def _person(
    number: int, ids: Mapping[int, Any], people: Mapping[int, tuple[str, str]]
) -> dict[str, Any]:
    if number > APPLICATIONS:
        called = subject_text(number)
        return {"user_id": number, "username": called, "display_name": called}
    username, name = people.get(number, (None, None))
    return {"user_id": ids.get(number, number), "username": username, "display_name": name}


def _names_of(places: Iterable[Place]) -> dict[Place, str | None]:
    """The names of existing nodes whose types have names."""
    ids: dict[str, set[Any]] = {}
    for place in places:
        ids.setdefault(place.kind, set()).add(place.id)
    found: dict[Place, str | None] = {}
    for kind, wanted in ids.items():
        declared = known_types().find(kind)
        if declared is not None and declared.label is not None:
            rows = select(declared.id, declared.label).where(declared.id.in_(wanted))
            found |= {Place(kind, id_): name for id_, name in db.session.execute(rows)}
    return found


def _moment(at: float | None) -> datetime | None:
    return None if at is None else datetime.fromtimestamp(at, UTC)
