"""The batch queue with its dead letters, and the queue of invalidations.

An act is audited before it takes effect.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from datetime import UTC, datetime
from typing import Annotated, Any, Literal, TypedDict

from flask import current_app
from marshmallow.validate import OneOf

from yoto.auth.operators import OPERATE, VIEW
from yoto.errors import UnknownResource, ValidationFailed
from yoto.extensions import optimization
from yoto.http.acts import record_act
from yoto.http.operation import After, Command, Limit, Reason, Subject
from yoto.http.paging import PAGE_DEFAULT, cut
from yoto.http.shapes import Between
from yoto.rooms.queues.batch import Amounts, ConsumerStats, DeadLetter
from yoto.rooms.queues.invalidation import Analysis, InvalidationStats, Strategy
from yoto.store.columns import utcnow

NORMAL = "normal"
DAY = 86_400.0  # s, the longest that a strategy can be forced
EXCERPT = 200  # characters

queues = Subject(
    "queues", "/queues", "The batch queue and the queue of invalidations", "queue", "queue"
)


@dataclass(frozen=True, kw_only=True)
class Kind(Amounts):
    """One kind of items."""

    kind: str
    served: Annotated[bool, "Some living worker handles it"]
    counts: Annotated[dict[str, int], "Since the queue was made; docs/queue.md names them"]


@dataclass(frozen=True, kw_only=True)
class Consumer(ConsumerStats):
    """A worker that handles items."""

    name: str


@dataclass(frozen=True, kw_only=True)
class BatchQueueState(Amounts):
    """The batch queue, all kinds together and each."""

    kinds: list[Kind]
    consumers: list[Consumer]


class ForcedInvalidation(TypedDict):
    """A strategy that an operator chose."""

    strategy: Strategy
    left_s: float
    reason: str


class Recommendation(TypedDict):
    """A recommendation on the queue: a code, and the figures behind it."""

    code: str
    figures: dict[str, Any]


class ChosenStrategy(TypedDict):
    """The strategy by which queued invalidations become entries of the log, and why."""

    in_force: Strategy
    why: Annotated[
        Literal["forced", "configured", "analysis"],
        "An operator, the configuration, or the figures chose it",
    ]
    by_analysis: Annotated[Strategy, "What the figures call for, whatever is active"]
    forced: ForcedInvalidation | None


class InvalidationQueue(TypedDict):
    """The queue of invalidations."""

    length: int
    waiting: int
    claimed: Annotated[int, "Being published"]
    later: Annotated[int, "Not due yet"]
    oldest_age: Annotated[float, "s"]
    inflow: Annotated[float, "Items a second"]
    outflow: Annotated[float, "Items a second"]
    position: Annotated[str | None, "Of the last publication"]
    totals: dict[str, int]
    health: str
    seconds_to_empty: Annotated[float | None, "Null: it does not get shorter"]
    recommendations: list[Recommendation]
    strategy: ChosenStrategy


class Queues(TypedDict):
    """All queues, each at one moment."""

    at: datetime
    batch: BatchQueueState
    invalidation: InvalidationQueue


class Letter(TypedDict):
    """A dead letter."""

    id: str
    kind: str
    excerpt: Annotated[str, "How its content begins"]
    tries: int
    reason: Annotated[str, "What went wrong last"]
    enqueued_at: datetime
    died_at: datetime


class WholeLetter(Letter):
    """A dead letter with its content."""

    payload: Annotated[str, "JSON, as it was enqueued"]


class LetterPage(TypedDict):
    """Dead letters, the newest first."""

    items: list[Letter]
    next: int | None


class Redriven(TypedDict):
    """Dead letters that were put back."""

    redriven: int


class Discarded(TypedDict):
    """A dead letter that was discarded."""

    discarded: int


queues.names = {
    BatchQueueState: "Batch",
    ChosenStrategy: "Strategy",
    InvalidationQueue: "Invalidation",
}


@queues.operation("GET", "", VIEW)
def read_queues() -> Queues:
    """Lengths, rates and ages, consumers, and the active strategy"""
    stats = optimization.queue_stats()
    served = stats.served
    batch = BatchQueueState(
        **_amounts(stats),
        kinds=[
            Kind(**_amounts(one), kind=kind, served=kind in served, counts=asdict(one.counts))
            for kind, one in stats.kinds.items()
        ],
        consumers=[
            Consumer(**asdict(one), name=name) for name, one in sorted(stats.consumers.items())
        ],
    )
    return {"at": utcnow(), "batch": batch, "invalidation": _invalidation()}


@queues.operation("GET", "/invalidation/strategy", VIEW)
def read_invalidation_strategy() -> ChosenStrategy:
    """The strategy by which queued invalidations are published, and why"""
    return _invalidation()["strategy"]


def _strategy_line(found: ChosenStrategy, strategy: str, seconds: float, **given: Any) -> list[str]:
    return [f"Strategy: {strategy}{'' if strategy == NORMAL else f' for {seconds:g} s'}."]


@queues.operation(
    "PUT",
    "/invalidation/strategy",
    OPERATE,
    Command(
        "strategy",
        _strategy_line,
        "Make all workers publish the queue by STRATEGY for a while; 'normal' ends that.",
        arguments=("strategy",),
    ),
    body="ChooseStrategy",
)
def choose_invalidation_strategy(
    strategy: Annotated[str, OneOf((*Strategy, NORMAL)), "`normal` ends what an operator chose"],
    reason: Reason,
    seconds: Annotated[float, Between(0, DAY, above=True), "For so long"] = 600.0,
) -> ChosenStrategy:
    """Choose a strategy for a while, or end that; all workers follow at once"""
    chosen = None if strategy == NORMAL else strategy
    queue = optimization.of(current_app).invalidation
    forced = queue.stats().forced
    record_act(
        "queue.strategy",
        "queue:invalidation",
        reason=reason,
        before={"strategy": NORMAL if forced is None else forced.strategy.value},
        after={"strategy": strategy, "seconds": None if chosen is None else seconds},
    )
    queue.force(chosen, seconds, reason)
    return read_invalidation_strategy()


@queues.operation("GET", "/<kind>/dead", VIEW)
def list_dead_letters(kind: str, after: After = None, limit: Limit = PAGE_DEFAULT) -> LetterPage:
    """Dead letters of a kind, the newest first"""
    cursor = None if after is None else f"{kind}:{after}"
    try:
        found = optimization.queue.dead_letters(kind, cursor, limit + 1).letters
    except ValidationFailed:
        raise UnknownResource("kind", kind) from None
    page = cut(found, limit, lambda letter: letter.number)
    return {"items": [_shown(letter) for letter in page.items], "next": page.next}


@queues.operation("GET", "/<kind>/dead/<letter_id>", VIEW)
def read_dead_letter(kind: str, letter_id: str) -> WholeLetter:
    """A dead letter with its content"""
    found = _letter(kind, letter_id)
    return {**_shown(found), "payload": found.payload}


@queues.operation("POST", "/<kind>/dead/<letter_id>/redrive", OPERATE)
def redrive_dead_letter(kind: str, letter_id: str, reason: Reason) -> Redriven:
    """Put a dead letter back as a new item, with all its tries"""
    found = _letter(kind, letter_id)
    record_act("queue.redrive", f"queue:{found.kind}", reason=reason, after={"id": found.id})
    moved = optimization.queue.redrive([found.id])
    if not moved:
        raise UnknownResource("letter", found.id)
    return {"redriven": moved}


@queues.operation("POST", "/<kind>/dead/<letter_id>/discard", OPERATE)
def discard_dead_letter(kind: str, letter_id: str, reason: Reason) -> Discarded:
    """Discard a dead letter; the audit log keeps its content"""
    found = _letter(kind, letter_id)
    record_act("queue.discard", f"queue:{found.kind}", reason=reason, before=asdict(found))
    if not optimization.queue.discard(found.id):
        raise UnknownResource("letter", found.id)
    return {"discarded": 1}


@queues.operation("POST", "/<kind>/redrive", OPERATE)
def redrive_dead_letters(kind: str, reason: Reason) -> Redriven:
    """Put all present dead letters of a kind back"""
    found = optimization.queue_stats().kinds.get(kind)
    if found is None:
        raise UnknownResource("kind", kind)
    record_act("queue.redrive_all", f"queue:{kind}", reason=reason, before={"dead": found.dead})
    return {"redriven": optimization.queue.redrive_all(kind)}


def _letter(kind: str, letter_id: str) -> DeadLetter:
    named = f"{kind}:{letter_id}"
    found: DeadLetter | None
    try:
        found = optimization.queue.dead_letter(named)
    except ValidationFailed:
        found = None
    if found is None:
        raise UnknownResource("letter", named)
    return found


def _shown(found: DeadLetter) -> Letter:
    return {
        "id": found.id.partition(":")[2],
        "kind": found.kind,
        "excerpt": found.payload[:EXCERPT],
        "tries": found.tries,
        "reason": found.reason,
        "enqueued_at": datetime.fromtimestamp(found.enqueued_at, UTC),
        "died_at": datetime.fromtimestamp(found.died_at, UTC),
    }


def _amounts(found: Amounts) -> Mapping[str, Any]:
    return {one.name: getattr(found, one.name) for one in fields(Amounts)}


def _invalidation() -> InvalidationQueue:
    queue = optimization.of(current_app).invalidation
    stats, analysis = queue.look()
    return {
        "length": stats.waiting + stats.claimed,
        "waiting": stats.waiting,
        "claimed": stats.claimed,
        "later": stats.later,
        "oldest_age": stats.oldest_age,
        "inflow": stats.inflow,
        "outflow": stats.outflow,
        "position": stats.position,
        "totals": dict(stats.totals),
        "health": analysis.health.value,
        "seconds_to_empty": analysis.seconds_to_empty,
        "recommendations": [
            {"code": one.code, "figures": dict(one.figures)} for one in analysis.recommendations
        ],
        "strategy": _strategy(stats, analysis),
    }


def _strategy(stats: InvalidationStats, analysis: Analysis) -> ChosenStrategy:
    found: ChosenStrategy = {
        "in_force": stats.strategy,
        "why": "configured",
        "by_analysis": analysis.strategy,
        "forced": None,
    }
    if stats.forced is not None:
        found["why"] = "forced"
        found["forced"] = {
            "strategy": stats.forced.strategy,
            "left_s": stats.forced.left_ms / 1000,
            "reason": stats.forced.reason,
        }
    elif optimization.of(current_app).invalidation.settings.fixed_strategy is None:
        found["why"] = "analysis"
    return found
