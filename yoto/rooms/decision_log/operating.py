"""The decision log, for operators: who was allowed or denied what, where, when and why."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from functools import partial
from typing import Annotated, Any, Literal, TypedDict, Unpack

from flask import current_app
from marshmallow.validate import Length
from sqlalchemy import Row, select

from yoto.api.people import number_called
from yoto.api.permissions.checks.asking import Question
from yoto.auth.operators import VIEW
from yoto.errors import UnknownResource, ValidationFailed
from yoto.extensions import permissions
from yoto.http.fields import Instant, row_id
from yoto.http.operation import After, Limit, Subject
from yoto.http.paging import PAGE_DEFAULT
from yoto.http.shapes import Between
from yoto.nodes import GLOBAL, GLOBAL_KIND, NodeId, Place, place_of_text, shown_text
from yoto.operate.finding import Recorded
from yoto.operate.insight import demand_operators_insight, has_insight
from yoto.operate.overrides import page_at
from yoto.operate.permissions.names import named
from yoto.operate.permissions.shapes import USERNAME_LENGTH
from yoto.permission import NAME_PATTERN, Explanation, node_of_text, subject_text
from yoto.rooms.decision_log.reading import RecordFilter
from yoto.rooms.decision_log.replaying import REPLAYING
from yoto.rooms.decision_log.settings import record_settings
from yoto.rooms.decision_log.tables import DecisionRecord
from yoto.store.columns import longest
from yoto.store.db import db
from yoto.store.models import AuditRecord

LINES = 10  # lines of each kind in trends
RECORDED: Recorded = (
    "decision",
    DecisionRecord,
    lambda request, record: page_at("permissions", tab="decisions", request=request),
)
_columns = DecisionRecord.__table__.c


decisions = Subject(
    "decisions",
    "/decisions",
    "Recorded decisions: every denial, and a sample of what was allowed",
    "decision",
)


class DecisionFilter(TypedDict):
    """A filter on decisions. Times are half open: from <= at < to."""

    user: Annotated[
        str | None,
        Length(1, USERNAME_LENGTH),
        "Id or username, `application:3` or `public`; digits alone are an id",
    ]
    place: Annotated[str | None, Length(1, longest(_columns.scope)), "`global`, or TYPE:ID"]
    permission: Annotated[
        str | None, Length(1, longest(_columns.asked)), "Or an expression, as it was asked"
    ]
    allowed: bool | None
    reason: Annotated[str | None, Length(1, longest(_columns.reason)), "Its code"]
    request: Annotated[str | None, Length(1, longest(_columns.request_id)), "Id of a request"]
    policy_version: Annotated[str | None, Length(1, longest(_columns.policy_version))]
    since: Annotated[datetime | None, partial(Instant, data_key="from")]
    until: Annotated[datetime | None, partial(Instant, data_key="to")]


class LoggedDecision(TypedDict):
    """A recorded decision."""

    id: int
    at: datetime
    user_id: NodeId
    user: Annotated[str | None, "Their username; null: they are gone"]
    permission: Annotated[str, "Or an expression, cut off with … where it was too long"]
    place: str
    place_name: Annotated[str | None, "Null: it has none, or is gone"]
    allowed: bool
    reason: str
    weight: Annotated[int, "For how many decisions the record stands"]
    tier: str
    policy_version: str | None
    request_id: str | None
    address: Annotated[str | None, "Its network"]


class DecisionPage(TypedDict):
    """Some decisions, newest first."""

    items: list[LoggedDecision]
    next: int | None
    seen_to: Annotated[
        datetime | None,
        "How far back it was looked; null: to the end. A short page alone is not the end",
    ]


class DecisionDetail(LoggedDecision):
    """A recorded decision with all its recorded facts."""

    position: str | None
    context: Annotated[Any, "What policies were given, masked"]


class VerdictNow(TypedDict):
    """A verdict and the code of its reason."""

    allowed: bool
    reason: str


class ChangeSince(TypedDict):
    """An entry of the audit log that may explain the difference."""

    id: int
    at: datetime
    action: str
    subject: str
    actor_id: NodeId | None
    actor: Annotated[str | None, "Their username"]
    reason: Annotated[str | None, "Why, in their words"]


class ReplayedDecision(TypedDict):
    """A recorded decision, the same question now, and the changes in between."""

    decision: LoggedDecision
    outcome: Literal["same", "time_passed", "changed", "unknown"]
    now: Annotated[VerdictNow | None, "Null: the question was too long for the record"]
    same_permissions: Annotated[bool, "Whether all their permissions there are what they were"]
    changes: list[ChangeSince]
    text: str
    explanation: Annotated[
        Explanation | None, "Null: of an expression, or of what is not there any more"
    ]


class TrendLine(TypedDict):
    """Decisions that had a permission, a place or a reason in common."""

    value: str
    name: str | None
    denied: int
    allowed: int
    denied_by_step: Sequence[int]


class DecisionTrends(TypedDict):
    """Numbers of decisions: denials are counted, in a flood by one user in hundreds, and allowed
    ones are estimated from a sample."""

    start: Annotated[datetime, "When the first step began: a midnight in UTC"]
    step_s: int
    denied: Annotated[Sequence[int], "In each step; the last one is not over"]
    allowed: Annotated[Sequence[int], "Estimated"]
    allow_sample: Annotated[float | None, "Share that is recorded; null: nothing is recorded now"]
    permissions: list[TrendLine]
    places: list[TrendLine]
    reasons: list[TrendLine]
    rows: Annotated[int, "Records in the log, or a few more"]
    rows_most: int | None
    days_most: float | None
    oldest: datetime | None
    bytes: Annotated[int | None, "Of the table, as the database estimates; null: it does not say"]


@decisions.operation("GET", "", VIEW, also=(404,))
def list_decisions(
    after: After = None, limit: Limit = PAGE_DEFAULT, **wanted: Unpack[DecisionFilter]
) -> DecisionPage:
    """Recorded decisions, newest first; a short page alone is not the end

    Beyond `platform.view` it takes `admin.audit`, or `place` and the right to audit there.
    """
    place = place_called(wanted["place"]) if wanted["place"] is not None else GLOBAL
    demand_operators_insight([Question(wanted["permission"] or "", *place)])
    return page_of(wanted, after, limit)


@decisions.operation("GET", "/trends", VIEW)
def read_decision_trends(days: Annotated[int, Between(1, 30)] = 7) -> DecisionTrends:
    """Numbers of decisions, by hour up to 7 days and by day beyond, and the log's size

    Beyond `platform.view` it takes `admin.audit`.
    """
    demand_operators_insight([Question("", *GLOBAL)])
    return trends_of(days)


@decisions.operation("GET", "/<int:record_id>", VIEW)
def read_decision(record_id: int) -> DecisionDetail:
    """One recorded decision; takes the same rights as the list, in the decision's place"""
    record = _seen(record_id)
    [shown] = _shown([record])
    return {**shown, "position": record.position, "context": record.context}


@decisions.operation("POST", "/<int:record_id>/replay", VIEW, changes=False)
def replay_decision(record_id: int) -> ReplayedDecision:
    """Ask the same question now, and show an explanation and the changes since

    A replay does not count as a use of the permission, and changes nothing. It takes the same
    rights as the list, in the decision's place.
    """
    record = _seen(record_id)
    replay = REPLAYING.replay(record_id)
    [shown] = _shown([record])
    # An auditor of one place must not read records of other places, or of the platform.
    everywhere = has_insight()
    return {
        "decision": shown,
        "outcome": replay.outcome,  # type: ignore[typeddict-item]
        "now": None if replay.now is None else {"allowed": replay.now[0], "reason": replay.now[1]},
        "same_permissions": replay.same_permissions,
        "changes": _changes([one.id for one in replay.changes], everywhere),
        "text": replay.text if everywhere else "",
        "explanation": _explained(record),
    }


def page_of(wanted: DecisionFilter, after: int | None, limit: int, **bounds: float) -> DecisionPage:
    """Recorded decisions with names; the caller's rights are not checked.

    Args:
        bounds: ``seconds`` as ``Replaying.decisions`` takes it.

    Raises:
        UnknownResource: no user has the name.
        ValidationFailed: ``place`` is malformed, or the times are in the wrong order.
    """
    since, until = wanted["since"], wanted["until"]
    if since is not None and until is not None and until <= since:
        raise ValidationFailed({"to": "Must be after 'from'."})
    user, place = wanted["user"], wanted["place"]
    found = REPLAYING.decisions(
        RecordFilter(
            user_id=None if user is None else _number(user),
            asked=wanted["permission"],
            scope=None if place is None else str(place_called(place)),
            allowed=wanted["allowed"],
            reason=wanted["reason"],
            request_id=wanted["request"],
            policy_version=wanted["policy_version"],
            since=since,
            until=until,
        ),
        after,
        limit,
        **bounds,
    )
    return {"items": _shown(found.items), "next": found.next, "seen_to": found.seen_to}


def trends_of(days: int) -> DecisionTrends:
    """Trends with names; the caller's rights are not checked."""
    found, size = REPLAYING.trend(days, LINES), REPLAYING.size()
    kept = record_settings(current_app)
    lines = found.lines
    places = named(shown_text(one.value) for one in lines["place"])
    return {
        "start": datetime.fromtimestamp(found.start, UTC),
        "step_s": found.step,
        "denied": found.denied,
        "allowed": found.allowed,
        "allow_sample": None if kept is None else kept.allow_sample,
        "permissions": [_line(one) for one in lines["permission"]],
        "places": [_line(one, places) for one in lines["place"]],
        "reasons": [_line(one) for one in lines["reason"]],
        "rows": size.rows,
        "rows_most": None if kept is None else kept.rows,
        "days_most": None if kept is None else kept.days,
        "oldest": size.oldest,
        "bytes": size.bytes,
    }


def _line(line: Any, names: Any = None) -> TrendLine:
    value = shown_text(line.value)
    known = (names or {}).get(value)
    return {
        "value": value,
        "name": None if known is None else known.name,
        "denied": line.denied,
        "allowed": line.allowed,
        "denied_by_step": line.steps,
    }


def place_called(text: str) -> Place:
    """The place that a filter's text stands for.

    Raises:
        ValidationFailed: field ``place``: no place can have this text.
    """
    return GLOBAL if text == GLOBAL_KIND else node_of_text(text, "place")


def _number(user: str) -> int:
    number = row_id(user.removeprefix("user:")) or number_called(user)
    if number is None:
        raise UnknownResource("user", user, "user")
    return number


def _seen(record_id: int) -> Row[Any]:
    """A record that the operator may see."""
    record = REPLAYING.decision(record_id)
    demand_operators_insight([Question(record.asked, *place_of_text(record.scope))])
    return record


def _shown(records: Iterable[Row[Any]]) -> list[LoggedDecision]:
    found = list(records)
    people = {one.user_id: subject_text(one.user_id) for one in found}
    names = named({*people.values(), *(shown_text(one.scope) for one in found)})
    shown: list[LoggedDecision] = []
    for one in found:
        who, place = people[one.user_id], shown_text(one.scope)
        person, where = names.get(who), names.get(place)
        shown.append(
            {
                "id": one.id,
                "at": one.at,
                "user_id": one.user_id,
                "user": person.name if person is not None else _no_person(who),
                "permission": one.asked,
                "place": place,
                "place_name": None if where is None else where.name,
                "allowed": one.allowed,
                "reason": one.reason,
                "weight": one.weight,
                "tier": one.tier,
                "policy_version": one.policy_version,
                "request_id": one.request_id,
                "address": one.address,
            }
        )
    return shown


def _no_person(who: str) -> str | None:
    """The name of a program or of the public; None: an account that no longer exists."""
    return None if who.startswith("user:") else who


def _changes(ids: Sequence[int], everywhere: bool) -> list[ChangeSince]:
    found = select(AuditRecord).where(AuditRecord.id.in_(ids)).order_by(AuditRecord.id)
    if not everywhere:
        found = found.where(AuditRecord.server_id.is_not(None))
    rows = db.session.scalars(found).all()
    actors = {one.id: subject_text(one.actor_id) for one in rows if one.actor_id is not None}
    names = named(set(actors.values()))
    changes: list[ChangeSince] = []
    for one in rows:
        actor = names.get(actors.get(one.id, ""))
        changes.append(
            {
                "id": one.id,
                "at": one.at,
                "action": one.action,
                "subject": shown_text(one.subject),
                "actor_id": one.actor_id,
                "actor": None if actor is None else actor.name,
                "reason": one.reason,
            }
        )
    return changes


def _explained(record: Row[Any]) -> Explanation | None:
    if not NAME_PATTERN.fullmatch(record.asked) or not permissions.is_registered(record.asked):
        return None
    place = place_of_text(record.scope)
    with suppress(UnknownResource):
        return permissions.explain(record.user_id, record.asked, *place, context=record.context)
    return None
