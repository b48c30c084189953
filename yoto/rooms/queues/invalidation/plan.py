"""The plan of a batch: the groups to take whole, and those to take item by item. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from yoto.rooms.queues.invalidation.names import LEVELS, Group
from yoto.rooms.queues.invalidation.snapshot import GroupSize, InvalidationSnapshot
from yoto.rooms.queues.settings import InvalidationSettings, Strategy


class Whole(NamedTuple):
    """A group that is taken at once, and the subject that is published for all its items."""

    group: Group
    subject: str


@dataclass(frozen=True, slots=True)
class Plan:
    """The next items to take.

    Attributes:
        whole: groups that are published as one subject.
        singles: groups whose items are published themselves, in this order.
        paced: whether only so many single items a second are taken.
    """

    strategy: Strategy
    whole: tuple[Whole, ...] = ()
    singles: tuple[Group, ...] = ()
    paced: bool = True


def plan_for(
    strategy: Strategy,
    snapshot: InvalidationSnapshot,
    settings: InvalidationSettings,
    everything: str,
) -> Plan:
    """The items in ``snapshot`` that ``strategy`` takes next.

    Args:
        everything: the subject that covers all others.
    """
    if strategy is Strategy.CONSERVATIVE:
        return Plan(strategy, singles=snapshot.oldest)
    if strategy is Strategy.AUTO:
        whole = _covered(snapshot.largest, settings.merge_above)
        taken = {one.group for one in whole}
        return Plan(strategy, whole, tuple(one for one in snapshot.oldest if one not in taken))
    return _aggressive(snapshot, settings, everything)


def _aggressive(
    snapshot: InvalidationSnapshot, settings: InvalidationSettings, everything: str
) -> Plan:
    whole: list[Whole] = []
    singles: list[Group] = []
    for level in LEVELS:
        found = [one for one in snapshot.largest if one.group.level == level]
        uncovered = snapshot.uncovered.get(level, 0)
        covered = [one for one in found if one.group.covering is not None]
        # The level of groups that are not listed is unknown: each may be of this one.
        unlisted = snapshot.groups - len(snapshot.largest)
        if len(covered) + unlisted + uncovered > settings.global_above:
            whole += [Whole(one.group, everything) for one in found]
            continue
        # One item is as good as the subject that covers it, and costs less.
        merged = _covered(found, above=1)
        taken = {one.group for one in merged}
        whole += merged
        singles += [one.group for one in found if one.group not in taken]
    return Plan(Strategy.AGGRESSIVE, tuple(whole), tuple(singles), paced=False)


def _covered(groups: Iterable[GroupSize], above: int) -> tuple[Whole, ...]:
    return tuple(
        Whole(group, group.covering)
        for group, items in groups
        if group.covering is not None and items > above
    )


class Line(NamedTuple):
    """One subject of a claim; ``covering`` is given where many of them may be merged still."""

    level: str
    subject: str
    covering: str | None = None


def merged(lines: Sequence[Line], above: int) -> list[tuple[str, str]]:
    """Levels and subjects to publish for ``lines``, each once.

    Where more than ``above`` lines share a covering subject, that one stands for them; a subject
    that is disbelieved altogether need not be forgotten too.
    """
    distinct = dict.fromkeys(lines)
    counts: Mapping[tuple[str, str | None], int] = Counter(
        (line.level, line.covering) for line in distinct
    )
    wanted: dict[tuple[str, str], None] = {}
    for level, subject, covering in distinct:
        if covering is not None and counts[level, covering] > above:
            subject = covering
        wanted[level, subject] = None
    return [
        (level, subject)
        for level, subject in wanted
        if level == LEVELS[0] or (LEVELS[0], subject) not in wanted
    ]
