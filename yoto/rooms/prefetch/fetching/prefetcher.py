"""Fills the cache with entries that its users are likely to request next."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from yoto.errors import UnknownResource, ValidationFailed
from yoto.permission import Place
from yoto.rooms.prefetch.analyzer import Prediction
from yoto.rooms.prefetch.fetching.budget import Budget
from yoto.rooms.prefetch.fetching.ledger import Ledger
from yoto.rooms.prefetch.fetching.loader import PrefetchLoader
from yoto.rooms.prefetch.fetching.task import SETTLED, PrefetchTask, TaskReport, TaskState
from yoto.rooms.prefetch.fetching.view import PermissionCacheView
from yoto.rooms.prefetch.settings import PrefetchSettings
from yoto.rooms.prefetch.steps import Step


@dataclass(frozen=True, slots=True)
class PrefetchStats:
    """Statistics since the process started.

    Attributes:
        running: whether it prefetches now.
        turned_down: whether next to nothing is prefetched, because too little of it was used.
        window: prefetches that may be undecided at a time.
        confidence: probability from which it prefetches now, 0 to 1.
        undecided: prefetches whose user has not come by yet, or that are being loaded.
        counts: ``loaded``, and by outcome: ``used``, ``expired``, ``wasted``, ``failed``,
            ``cancelled``, ``lapsed``.
        visits: actions of users that were looked at.
        fetched: entries that were requested from the cache; its misses include them.
        precision: share of used ones among decided ones, 0 to 1; None: none is decided.
        late_precision: precision of the last few.
        wasted_share: share of unused ones among decided ones; None: unknown.
        hit_rate_gain: used ones among visits: each of them would have been a miss. None: unknown.
        backoff_seconds: until loading is tried again after failures.
    """

    running: bool
    turned_down: bool
    window: float
    confidence: float
    undecided: int
    counts: dict[str, int]
    visits: int
    fetched: int
    precision: float | None
    late_precision: float | None
    wasted_share: float | None
    hit_rate_gain: float | None
    backoff_seconds: float


def stats_of(
    ledger: Ledger, budget: Budget, *, visits: int, fetched: int, running: bool, pause: float
) -> PrefetchStats:
    """The figures of one prefetcher."""
    used = ledger.counts[TaskState.USED.value]
    decided = sum(ledger.counts[state.value] for state in SETTLED)
    precision = used / decided if decided else None
    return PrefetchStats(
        running=running,
        turned_down=budget.exploring,
        window=budget.window,
        confidence=budget.confidence,
        undecided=ledger.undecided,
        counts=dict(ledger.counts),
        visits=visits,
        fetched=fetched,
        precision=precision,
        late_precision=budget.precision,
        wasted_share=None if precision is None else 1 - precision,
        hit_rate_gain=used / visits if visits else None,
        backoff_seconds=pause,
    )


# Prefetches of one user that may be under way: beside used entries, memory has room for few places.
PER_USER = 4
# Users a turn whose next steps are predicted, each in some 0.1 ms: a busy worker has other work.
USERS_A_TURN = 20

Visited = tuple[int, Place]


class SmartPrefetcher:
    """The prefetcher of one process. Safe for threads.

    ``turn`` is called again and again, by one thread, with the latest visits of users.

    Attributes:
        paused: whether this process prefetches nothing until it is resumed.
    """

    def __init__(
        self,
        settings: PrefetchSettings,
        predict: Callable[[int], Sequence[Prediction]],
        view: PermissionCacheView,
        submit: Callable[[Callable[[], None]], bool],
        clock: Callable[[], float] = time.monotonic,
        allowed: Callable[[], bool] = lambda: True,
        on_turned: Callable[[bool, float | None], None] = lambda down, precision: None,
    ) -> None:
        """Nothing happens before the first turn.

        Args:
            predict: gives a user's next steps, likeliest first.
            submit: runs a job that may take long, elsewhere; False when there is no room for it.
            clock: monotonic s.
            allowed: whether the fleet may prefetch.
            on_turned: called when prefetching turns itself down (True) or up again, with the recent
                precision.
        """
        self._predict = predict
        self._view = view
        self._clock = clock
        self._allowed = allowed
        self._on_turned = on_turned
        self._lock = threading.RLock()
        self._budget = Budget(settings, view.capacity, clock())
        self._ledger = Ledger(view, self._budget.settle)
        self._loader = PrefetchLoader(view, self._ledger, self._lock, submit, clock)
        self._turned_down = False
        self._misses = view.misses
        self._visits = 0
        self.paused = False

    def retune(self, settings: PrefetchSettings) -> None:
        """Choose by other settings from the next turn on."""
        with self._lock:
            self._budget.retune(settings, self._view.capacity)

    def turn(self, visits: Iterable[Visited]) -> int:
        """Judge earlier prefetches by the visits, and prefetch the next places.

        Returns:
            The number of prefetches that were begun.
        """
        with self._lock:
            now = self._clock()
            seen = self._settle(visits, now)
            turned = self._turned_down is not self._budget.exploring
            self._turned_down = self._budget.exploring
            begun = 0
            if self.running:
                self._choose(seen, now)
                begun = self._begin(now)
        if turned:
            self._on_turned(self._turned_down, self._budget.precision)
        return begun

    @property
    def running(self) -> bool:
        """Whether this process and the fleet may prefetch now, and the cache can be filled."""
        return not self.paused and self._allowed() and self._view.fresh()

    def tasks(self) -> list[TaskReport]:
        """Prefetches under way, then those that were finished last, newest first."""
        with self._lock:
            now = self._clock()
            finished = list(self._ledger.finished)[::-1]
            return [task.to_plain(now) for task in [*self._ledger.tasks(), *finished]]

    def cancel(self, task_id: int, reason: str) -> TaskReport:
        """Do not load a prefetch that still waits.

        Raises:
            UnknownResource: no prefetch has that number, or it is over.
            ValidationFailed: it is being loaded, or has been.
        """
        with self._lock:
            task = self.check_waiting(task_id)
            self._ledger.finish(task, TaskState.CANCELLED, self._clock(), reason)
            return task.to_plain(self._clock())

    def check_waiting(self, task_id: int) -> PrefetchTask:
        """The prefetch, if it could be cancelled; raises as ``cancel``."""
        with self._lock:
            task = self._ledger.find(task_id)
            if task is None:
                raise UnknownResource("prefetch task", task_id, "task_id")
            if task.state is not TaskState.WAITING:
                raise ValidationFailed({"task_id": f"is {task.state}; only a waiting one ends so"})
            return task

    def pause(self) -> None:
        """Prefetch nothing in this process; waiting prefetches are kept for as long as it makes
        sense."""
        self.paused = True

    def resume(self) -> None:
        """Prefetch again in this process."""
        self.paused = False

    def forget(self, user_id: int) -> None:
        """Drop everything about a user."""
        with self._lock:
            self._ledger.forget(user_id, self._clock())

    def stats(self) -> PrefetchStats:
        """The counters of prefetching, and its precision."""
        with self._lock:
            return stats_of(
                self._ledger,
                self._budget,
                visits=self._visits,
                fetched=self._loader.fetched,
                running=self.running,
                pause=self._loader.backoff.pause(self._clock()),
            )

    def _settle(self, visits: Iterable[Visited], now: float) -> list[int]:
        """Report the outcomes of prefetches; the users who were seen, the latest first."""
        seen: dict[int, None] = {}
        for user_id, place in visits:
            self._visits += 1
            self._ledger.visited(user_id, place, now)
            seen.pop(user_id, None)
            seen[user_id] = None
        self._loader.end_late(now)
        self._ledger.sweep(now)
        self._report_misses()
        return list(seen)[::-1]

    def _choose(self, seen: Sequence[int], now: float) -> None:
        """Open tasks for the likely next steps of users who were just seen."""
        confidence = self._budget.confidence
        room = self._room(now) - len(self._ledger.tasks(TaskState.WAITING))
        # The users seen last go first: the others may have gone on already.
        for user_id in seen[:USERS_A_TURN]:
            if room < 1:
                return
            if self._ledger.of_user(user_id) >= PER_USER:
                continue
            for place, chance in places_of(self._predict(user_id)):
                if chance < confidence or room < 1 or self._ledger.of_user(user_id) >= PER_USER:
                    break
                if self._is_wanted(user_id, place):
                    self._ledger.open(user_id, place, chance, now)
                    room -= 1

    def _is_wanted(self, user_id: int, place: Place) -> bool:
        if self._ledger.has(user_id, place) or self._loader.is_gone(place):
            return False
        return self._view.peek(user_id, Step("", place.kind, place.id).place_key) is None

    def _room(self, now: float) -> int:
        return self._budget.allowance(self._ledger.undecided, now)

    def _begin(self, now: float) -> int:
        """Load waiting prefetches, the likeliest first, as far as the budget allows."""
        waiting = sorted(self._ledger.tasks(TaskState.WAITING), key=lambda one: -one.confidence)
        begun = self._loader.begin(waiting[: self._room(now)], now)
        self._budget.spend(begun)
        return begun

    def _report_misses(self) -> None:
        """Report other look-ups' misses to the budget: without the entries fetched here."""
        missed = self._view.misses - self._loader.fetched
        self._budget.missed(max(0, missed - self._misses))
        self._misses = max(self._misses, missed)


def places_of(predictions: Iterable[Prediction]) -> list[tuple[Place, float]]:
    """The probability of each place, over all actions there; likeliest first."""
    chances: dict[Place, float] = {}
    for prediction in predictions:
        place = prediction.step.place
        chances[place] = chances.get(place, 0.0) + prediction.probability
    return sorted(chances.items(), key=lambda item: -item[1])
