"""Analysis of the queue's figures: health, recommendations, and the strategy. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from yoto.rooms.queues.invalidation.snapshot import InvalidationSnapshot
from yoto.rooms.queues.settings import InvalidationSettings, Strategy

# s for which growth is believed to go on.
OUTLOOK = 60.0
# Part of the queue that one server or one reason must make up to be named.
DOMINANT = 0.5
# Items a second below which a rate is only the rest of an old one.
STANDSTILL = 0.01


class Health(StrEnum):
    """The severity of the queue's length."""

    EXCELLENT = "excellent"
    ATTENTION = "attention"
    WARNING = "warning"
    CRITICAL = "critical"


@dataclass(frozen=True, slots=True)
class Figures:
    """The input of the analysis.

    Attributes:
        length: items that are not published yet.
        inflow, outflow: items a second that come, and that are published.
        oldest_age: seconds that the oldest item waits.
        kinds: items by kind of subject, such as ``user`` and ``role``.
        coverings: items by the subject that covers them, such as ``server:7``; the largest.
        reasons: submissions by reason; the most frequent.
    """

    length: int
    inflow: float = 0.0
    outflow: float = 0.0
    oldest_age: float = 0.0
    kinds: Mapping[str, int] = field(default_factory=dict)
    coverings: Mapping[str, int] = field(default_factory=dict)
    reasons: Mapping[str, int] = field(default_factory=dict)

    @property
    def growth(self) -> float:
        """Items a second by which the queue gets longer."""
        return self.inflow - self.outflow


@dataclass(frozen=True, slots=True)
class Recommendation:
    """A code, and the figures that it comes from.

    ``queue_growing``: items come faster than they are published. ``queue_standing``: nothing is
    published; no worker runs, or the log is unavailable. ``items_overdue``: the oldest waits longer
    than it should. ``pace_too_low``: at this pace the queue takes longer than an item may wait.
    ``subject_dominates``: most items are covered by one subject, which may be invalidated instead.
    ``reason_dominates``: most were submitted for one reason; look there for the cause.
    """

    code: str
    figures: Mapping[str, float | str]


@dataclass(frozen=True, slots=True)
class Analysis:
    """The result of the analysis.

    Attributes:
        strategy: the strategy by the figures, whatever an operator has chosen.
        seconds_to_empty: at the present rates; None: it does not get shorter.
    """

    figures: Figures
    health: Health
    strategy: Strategy
    seconds_to_empty: float | None
    recommendations: tuple[Recommendation, ...]


def analyse(figures: Figures, settings: InvalidationSettings) -> Analysis:
    """Judge ``figures``."""
    return Analysis(
        figures,
        health_of(figures.length, settings),
        strategy_for(figures, settings),
        _seconds_to_empty(figures),
        tuple(_recommendations(figures, settings)),
    )


def health_of(length: int, settings: InvalidationSettings) -> Health:
    """The severity of a queue of ``length`` items."""
    if length > settings.critical:
        return Health.CRITICAL
    if length > settings.warning:
        return Health.WARNING
    return Health.ATTENTION if length > settings.attention else Health.EXCELLENT


def strategy_for(figures: Figures, settings: InvalidationSettings) -> Strategy:
    """The gentlest strategy that fits; worse figures never give a gentler one.

    A critical queue, or one that needs attention and will be critical within a minute at its
    present growth, is emptied by all means. One that needs attention, or has items that wait too
    long, is merged where that is worth it.
    """
    needs_attention = figures.length > settings.attention
    outlook = figures.length + max(0.0, figures.growth) * OUTLOOK
    if figures.length > settings.critical or (needs_attention and outlook > settings.critical):
        return Strategy.AGGRESSIVE
    if needs_attention or (figures.length and figures.oldest_age > settings.max_delay):
        return Strategy.AUTO
    return Strategy.CONSERVATIVE


def _seconds_to_empty(figures: Figures) -> float | None:
    if not figures.length:
        return 0.0
    shrinking = -figures.growth
    return figures.length / shrinking if shrinking > STANDSTILL else None


def _recommendations(figures: Figures, settings: InvalidationSettings) -> list[Recommendation]:
    found: list[Recommendation] = []

    def add(code: str, **numbers: float | str) -> None:
        found.append(Recommendation(code, numbers))

    if not figures.length:
        return found
    if figures.outflow <= STANDSTILL and figures.oldest_age > settings.interval * 2:
        add("queue_standing", length=figures.length, oldest_age=figures.oldest_age)
    elif figures.growth > STANDSTILL and figures.length > settings.attention:
        left = settings.critical - figures.length
        add(
            "queue_growing",
            growth=figures.growth,
            seconds_to_critical=max(0.0, left / figures.growth),
        )
    if figures.oldest_age > settings.max_delay:
        add("items_overdue", oldest_age=figures.oldest_age, max_delay=settings.max_delay)
    if figures.length > settings.pace * settings.max_delay:
        add("pace_too_low", pace=settings.pace, seconds=figures.length / settings.pace)
    if figures.length > settings.merge_above:
        submissions = sum(figures.reasons.values())
        for code, counts, total in (
            ("subject_dominates", figures.coverings, figures.length),
            ("reason_dominates", figures.reasons, submissions),
        ):
            name, count = max(counts.items(), key=lambda one: one[1], default=("", 0))
            if count > total * DOMINANT:
                add(code, name=name, count=count, share=count / total)
    return found


def figures_of(snapshot: InvalidationSnapshot) -> Figures:
    """The input of ``analyse`` from ``snapshot``."""
    coverings: dict[str, int] = {}
    for group, items in snapshot.largest:
        if group.covering is not None:
            coverings[group.covering] = coverings.get(group.covering, 0) + items
    return Figures(
        length=snapshot.length,
        inflow=snapshot.inflow,
        outflow=snapshot.outflow,
        oldest_age=snapshot.oldest_age,
        kinds=snapshot.kinds,
        coverings=coverings,
        reasons=snapshot.reasons,
    )
