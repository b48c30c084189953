"""Access requests, for operators: those that wait for a decision, and the others.

An operator with an account of the application lends as that person, by the same rules. Others, who
have no place in the role hierarchy, act as the system itself, which takes the right to administer.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any, Literal, TypedDict

from yoto.api.permissions.checks.asking import PLATFORM_AUDIT
from yoto.auth.operators import (
    ADMIN,
    INSIGHT,
    NOT_GRANTED,
    OPERATE,
    VIEW,
    demand_in_credential,
    demand_right,
    operator,
)
from yoto.errors import PermissionDenied
from yoto.http.operation import After, Author, Command, Limit, Reason, Subject
from yoto.http.paging import PAGE_DEFAULT, Page, cut
from yoto.http.shapes import Between
from yoto.nodes import shown_text
from yoto.operate.insight import has_insight
from yoto.permission import Place
from yoto.rooms.access_requests import callers
from yoto.rooms.access_requests.requesting import REQUESTING
from yoto.rooms.access_requests.schemas import LONGEST, AccessRequestSchema
from yoto.rooms.access_requests.states import RequestState


class OperatorsRequest(TypedDict):
    """A request as ``callers.shown`` returns it."""

    id: int


access_requests = Subject(
    "access_requests",
    "/access-requests",
    "Rights that people ask for, lent for a time",
    "access request",
    "permission requests",
    "See rights that people ask for; lend them for a time, or refuse.",
    names={OperatorsRequest: AccessRequestSchema},
)


def _lines(found: Page[Any], **given: Any) -> Iterator[str]:
    for one in found.items:
        yield _line(one)
    if not found.items:
        yield "No request."
    if found.next is not None:
        yield f"More with --after {found.next}."


def _line(one: Any) -> str:
    place = shown_text(str(Place(one["scope"], one["scope_id"])))
    approved = f", {len(one['approvals'])} of {one['needed']} approvals"
    asked = " and ".join([one["permission"], *one["also"]])
    return (
        f"{one['id']:>6}  {one['state']:<9}  {one['username']} asks for {asked} "
        f"at {place} for {one['seconds']} s{approved if one['needed'] > 1 else ''}: "
        f"{one['reason']}"
    )


def _one(found: Any, **given: Any) -> list[str]:
    until = f" until {found['until'].isoformat()}" if found["state"] == "granted" else ""
    return [f"Request {found['id']} is {found['state']}{until}."]


def _actor() -> int | None:
    """The number of the acting person; None: the system itself.

    Raises:
        PermissionDenied: an operator without an account, who may not administer.
    """
    who = operator()
    if who.account is not None and who.rights is None:
        return who.account.user_id
    demand_right(ADMIN)
    return None


def _take(step: str, request_id: int, **given: Any) -> OperatorsRequest:
    found: Any = callers.take(step, request_id, _actor(), **given)
    taken: OperatorsRequest = found
    return taken


@access_requests.operation("GET", "", VIEW, Command("list", _lines))
def list_operators_access_requests(
    box: Annotated[
        Literal["inbox", "all"], "inbox: the open ones that the operator may grant"
    ] = "inbox",
    state: RequestState | None = None,
    after: After = None,
    limit: Limit = PAGE_DEFAULT,
) -> Page[OperatorsRequest]:
    """Access requests, newest first

    All of them take `admin.audit`.
    """
    who = operator()
    demand_in_credential(who, INSIGHT)
    by_account = who.account is not None and who.rights is None
    number = who.account.user_id if who.account is not None and by_account else None
    if box == "all" and not has_insight():
        raise PermissionDenied(NOT_GRANTED, PLATFORM_AUDIT)
    if box == "inbox" and number is not None:
        decidable, following = REQUESTING.inbox(number, after, limit)
        mine: list[Any] = callers.shown(number, decidable, decidable)
        return Page(mine, following)
    if box == "inbox":
        demand_right(ADMIN)
        state = RequestState.OPEN
    states = () if state is None else (state.value,)
    found = REQUESTING.page(None, states, after, limit + 1)
    page = cut(found, limit, lambda one: one.id)
    items: list[Any] = callers.shown(number, page.items)
    return Page(items, page.next)


@access_requests.operation(
    "POST",
    "/<int:request_id>/grant",
    OPERATE,
    Command("grant", _one),
    body="AccessGranting",
    also=(409,),
)
def grant_operators_access_request(
    request_id: int,
    reason: Reason,
    by: Author,
    seconds: Annotated[
        int | None, Between(1, LONGEST), "For how long; left out: as was asked"
    ] = None,
) -> OperatorsRequest:
    """Approve one; with the last approval that it takes, the right is lent from now on"""
    return _take("grant", request_id, reason=reason, by=by, seconds=seconds)


@access_requests.operation(
    "POST", "/<int:request_id>/refuse", OPERATE, Command("refuse", _one), also=(409,)
)
def refuse_operators_access_request(
    request_id: int, reason: Reason, by: Author
) -> OperatorsRequest:
    """Refuse one"""
    return _take("refuse", request_id, reason=reason, by=by)


@access_requests.operation(
    "POST", "/<int:request_id>/end", OPERATE, Command("end", _one), also=(409,)
)
def end_operators_access_request(request_id: int, reason: Reason, by: Author) -> OperatorsRequest:
    """Take back a lent right before its time"""
    return _take("end", request_id, reason=reason, by=by)
