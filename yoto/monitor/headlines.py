"""One headline for the whole platform: the worst state, and each cause by name. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from itertools import chain
from typing import Annotated


class Condition(StrEnum):
    """The overall condition, or that of one cause, from good to bad.

    ``planned`` is a state that an operator ordered for a while. ``unknown`` is worse than
    ``degraded``, because it may hide a failure.
    """

    OK = "ok"
    PLANNED = "planned"
    DEGRADED = "degraded"
    UNKNOWN = "unknown"
    FAILED = "failed"

    @property
    def badness(self) -> int:
        """0 for the best; larger is worse."""
        return _WORSE.index(self)


_WORSE = list(Condition)
ALERT, UNKNOWN_SOURCES = "alert", "unknown"
# By topic, the topics of which it is a consequence, if these are causes too. An unknown state also
# follows from an unavailable store.
_STORES = ("redis", "database")
# ms by which a consequence may be reported before its cause, since an alert is raised only after it
# has held for a while.
_TOLD_BEFORE = 20_000
_ROOTS: Mapping[str, Sequence[str]] = {
    "invalidation_log": ("redis",),
    "invalidation_lag": ("redis",),
    "silent workers": ("redis",),
    "worker_lagging": ("redis",),
    "sockets": ("redis",),
    "migrations": ("database",),
    "health:cache": ("redis",),
    "health:response": ("database", "redis"),
    "health:errors": ("database",),
    "queue_age": _STORES,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class HeadlineCause:
    """One cause of a condition other than good.

    Attributes:
        kind: the kind of cause, such as ``breaker_isolated``; for alerts ``alert``.
        name: the thing that it is about; for alerts the rule.
        state: its effect on the overall condition.
        topic: two causes with one topic are about the same thing.
        labels: distinguish several causes of a name.
        detail: a sentence in English; empty where kind and name say all.
        value, unit: the number that shows how bad it is, if there is one.
        level: an alert's ``warning``, ``error`` or ``critical``.
        recovering: whether the value is back, and the alert waits to end.
        peak, limit: an alert's worst value since it was raised, and the threshold.
        follows: the topic of the cause of which this one is a consequence; None: none is known.
        by, reason: the operator who ordered or acknowledged it, and why.
        caller: the caller that it concerns most, such as ``user:31 server:1``.
        network: the network that it comes from; not all viewers may see it, see
            ``without_networks``.
        since, until: ms since 1970; None: unknown, and no end by itself.
        where: the page, with parameters, to end it: ``guards?guard=rate_limit:message.send``.
        verb: the action that ends it: ``reset``, ``end``, ``acknowledge``, ``retry`` or ``look``.
    """

    kind: str
    name: str
    state: Condition
    topic: str
    where: Annotated[str, "Page below `/control/`, with what it shows"]
    verb: Annotated[str, "What ends it there"] = "look"
    labels: Mapping[str, str] | None = None
    detail: str = ""
    value: float | None = None
    unit: str | None = None
    level: Annotated[str | None, "Of an alert"] = None
    recovering: Annotated[bool, "The value is back; the alert waits to end"] = False
    peak: Annotated[float | None, "Of an alert the worst value since it was raised"] = None
    limit: Annotated[float | None, "Of an alert the threshold that this was beyond"] = None
    follows: Annotated[str | None, "`topic` of the cause of which it is a consequence"] = None
    by: Annotated[str | None, "Who ordered it, or takes care of it"] = None
    reason: str | None = None
    caller: Annotated[str | None, "Whom it concerns most"] = None
    network: Annotated[str | None, "Whence it comes; null for who may not know"] = None
    since: int | None = None
    until: Annotated[int | None, "null: it does not end by itself"] = None


@dataclass(frozen=True, slots=True)
class Headline:
    """The overall condition.

    Attributes:
        state: the worst of the causes; ``ok`` without any.
        causes: the worst first, among equal ones the oldest; consequences of others last.
    """

    state: Condition
    causes: Sequence[HeadlineCause]


def headline(
    facts: Mapping[str, Iterable[HeadlineCause] | None], well: Collection[str] = ()
) -> Headline:
    """The overall state, from the causes of each source.

    Args:
        facts: causes by source; None: the source was unavailable, which is unknown, not good.
        well: topics that were just found healthy; an alert about one waits to end, although its
            last value is older.
    """
    told = chain.from_iterable(one for one in facts.values() if one is not None)
    found = [_ending(one) if one.kind == ALERT and one.topic in well else one for one in told]
    unasked = [source for source, one in facts.items() if one is None]
    if unasked:
        found.append(
            HeadlineCause(
                kind=UNKNOWN_SOURCES,
                name=", ".join(unasked),
                state=Condition.UNKNOWN,
                topic=UNKNOWN_SOURCES,
                where="instances",
            )
        )
    by_topic: dict[str, list[HeadlineCause]] = {}
    for cause in found:
        by_topic.setdefault(cause.topic, []).append(cause)
    joined = {topic: _joined(causes) for topic, causes in by_topic.items()}
    causes = sorted(
        (replace(one, follows=_root_of(one, joined)) for one in joined.values()),
        key=_worst_and_oldest_first,
    )
    worst = max((one.state for one in causes), key=lambda one: one.badness, default=Condition.OK)
    return Headline(worst, causes)


def without_networks(found: Headline) -> Headline:
    """The headline for viewers who may not see the networks of callers."""
    return Headline(found.state, [replace(one, network=None) for one in found.causes])


def _ending(alert: HeadlineCause) -> HeadlineCause:
    return replace(alert, state=Condition.DEGRADED, recovering=True)


def _joined(causes: Sequence[HeadlineCause]) -> HeadlineCause:
    """Several causes of one topic as one: an operator's order comes first, then an alert, unless it
    only waits to end."""
    shown = max(
        causes,
        key=lambda one: (
            not one.recovering,
            one.until is not None,
            one.by is not None,
            one.kind == ALERT,
        ),
    )
    known = [one.since for one in causes if one.since is not None]
    return replace(
        shown,
        state=max((one.state for one in causes), key=lambda state: state.badness),
        since=min(known, default=None),
        caller=shown.caller or next((one.caller for one in causes if one.caller), None),
        network=shown.network or next((one.network for one in causes if one.network), None),
    )


def _root_of(cause: HeadlineCause, causes: Mapping[str, HeadlineCause]) -> str | None:
    """The topic of the root cause of this one, over any number of steps."""
    unknown = _STORES if cause.state is Condition.UNKNOWN else ()
    found, seen = None, {cause.topic}
    roots = [*([cause.follows] if cause.follows else []), *_ROOTS.get(cause.topic, ()), *unknown]
    while root := next(
        (one for one in roots if one not in seen and _led_to(causes, one, cause)), None
    ):
        found = root
        seen.add(root)
        above = causes[root].follows
        roots = [*([above] if above else []), *_ROOTS.get(root, ())]
    return found if cause.topic not in _STORES else None


def _led_to(causes: Mapping[str, HeadlineCause], topic: str, cause: HeadlineCause) -> bool:
    """Whether there is a cause of that topic that was before ``cause``, as far as is known."""
    root = causes.get(topic)
    if root is None or root.since is None or cause.since is None:
        return root is not None
    return cause.since >= root.since - _TOLD_BEFORE


def _worst_and_oldest_first(cause: HeadlineCause) -> tuple[bool, int, bool, float, str]:
    since = float("inf") if cause.since is None else float(cause.since)
    follows = cause.follows is not None
    return follows, -cause.state.badness, cause.recovering, since, cause.topic
