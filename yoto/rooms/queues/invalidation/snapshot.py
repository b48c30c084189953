"""A snapshot of the queue: the reply of ``look.lua``, with names. Pure."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from yoto.rooms.queues.invalidation.names import UNCOVERED, Group
from yoto.rooms.queues.settings import Strategy

# ms over which rates are taken: an event of so long ago counts a third.
RATE_WINDOW_MS = 60_000


class GroupSize(NamedTuple):
    """A group and how many items wait in it."""

    group: Group
    items: int


@dataclass(frozen=True, slots=True)
class Delayed:
    """Items to be published at a known moment, in ms of Redis's time."""

    due_ms: int
    level: str
    subject: str
    reason: str


@dataclass(frozen=True, slots=True)
class Forced:
    """A strategy that an operator chose, the ms that are left of it, and the reason."""

    strategy: Strategy
    left_ms: int
    reason: str


@dataclass(frozen=True, slots=True)
class InvalidationSnapshot:
    """A snapshot of the queue, with its counters.

    Attributes:
        now_ms: Redis's time.
        waiting: items that wait.
        claimed: items that a worker is publishing, or was when it died.
        oldest_ms: since when the oldest of both waits; None: there is none.
        later: items that are not due yet; ``next_due`` is the first of them.
        groups: the number of groups; ``largest`` and ``oldest`` are the first of them.
        uncovered: by level, items without a covering subject.
        kinds, reasons: items by kind of subject; waiting submissions by reason, most first.
        inflow, outflow: items a second that came and that were published, fading over a minute.
        totals: counters since the queue was made: ``submitted``, ``merged``, ``delayed``,
            ``processed``, ``processed_due``, ``subjects``, ``publications``, ``by_<strategy>``.
        position: the log's position of the last publication.
        forced: an operator's choice.
    """

    now_ms: int
    waiting: int
    claimed: int
    oldest_ms: int | None
    later: int
    next_due: Delayed | None
    groups: int
    largest: tuple[GroupSize, ...]
    oldest: tuple[Group, ...]
    uncovered: Mapping[str, int]
    kinds: Mapping[str, int]
    reasons: Mapping[str, int]
    inflow: float
    outflow: float
    totals: Mapping[str, int]
    position: str | None
    forced: Forced | None

    @property
    def length(self) -> int:
        """Items that are not published yet and should be by now or soon."""
        return self.waiting + self.claimed

    @property
    def oldest_age(self) -> float:
        """Seconds that the oldest of them waits; 0: there is none."""
        return 0.0 if self.oldest_ms is None else max(0, self.now_ms - self.oldest_ms) / 1000

    @property
    def work(self) -> bool:
        """Whether there is work now."""
        due = self.next_due is not None and self.next_due.due_ms <= self.now_ms
        return self.length > 0 or due


TOTALS = (
    "submitted",
    "merged",
    "delayed",
    "processed",
    "processed_due",
    "subjects",
    "publications",
    *(f"by_{strategy}" for strategy in Strategy),
)


def to_snapshot(reply: Sequence[Any]) -> InvalidationSnapshot:
    """Read the reply of ``look.lua``."""
    now_ms, state, groups, by_size, by_age, kinds, reasons, claim, later, first, sizes = reply
    known = _pairs(state)
    claim_id, claim_items, claim_oldest = claim
    taken_since = int(claim_oldest) if claim_id else None
    ages = _pairs(by_age)
    since = [int(float(ms)) for ms in list(ages.values())[:1]]
    return InvalidationSnapshot(
        now_ms=now_ms,
        waiting=int(known.get("waiting", 0)),
        claimed=int(claim_items) if claim_id else 0,
        oldest_ms=min(since + ([taken_since] if taken_since is not None else []), default=None),
        later=later,
        next_due=_delayed(first),
        groups=groups,
        largest=tuple(
            GroupSize(Group.named(name), int(float(size))) for name, size in _pairs(by_size).items()
        ),
        oldest=tuple(map(Group.named, ages)),
        uncovered={group.level: int(float(n)) for group, n in zip(UNCOVERED, sizes, strict=True)},
        kinds={kind: int(n) for kind, n in _pairs(kinds).items()},
        reasons={reason: int(float(n)) for reason, n in _pairs(reasons).items()},
        inflow=_rate(known, "in", now_ms),
        outflow=_rate(known, "out", now_ms),
        totals={name: int(known.get(name, 0)) for name in TOTALS},
        position=known.get("position"),
        forced=_forced(known, now_ms),
    )


def _pairs(flat: Sequence[bytes]) -> dict[str, str]:
    texts = [text.decode() for text in flat]
    return dict(zip(texts[::2], texts[1::2], strict=True))


def _rate(state: Mapping[str, str], name: str, now_ms: int) -> float:
    value = float(state.get(f"{name}_value", 0.0))
    passed = max(0, now_ms - int(state.get(f"{name}_at", now_ms)))
    return value * math.exp(-passed / RATE_WINDOW_MS) / (RATE_WINDOW_MS / 1000)


def _delayed(first: Sequence[bytes]) -> Delayed | None:
    if not first:
        return None
    item, _, reason = (text.decode() for text in first)
    due_ms, level, subject, _ = item.split(" ")
    return Delayed(int(due_ms), level, subject, reason)


def _forced(state: Mapping[str, str], now_ms: int) -> Forced | None:
    left_ms = int(state.get("forced_until", 0)) - now_ms
    if left_ms <= 0:
        return None
    return Forced(Strategy(state["forced"]), left_ms, state.get("forced_why", ""))
