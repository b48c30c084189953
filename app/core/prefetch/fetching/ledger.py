"""Prefetches of one process and what became of them. Pure but for the cache that it looks into."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Callable, Iterable

from app.core.permission import Place
from app.core.prefetch.fetching.task import SETTLED, PrefetchTask, TaskState
from app.core.prefetch.fetching.view import CacheView
from app.core.prefetch.steps import Step

# Visits elsewhere by the user, and s, after which a prefetch that was not used was wrong.
HORIZON_STEPS, HORIZON = 12, 300.0
# s that a prefetch may wait for its turn: later its user is somewhere else.
PATIENCE = 10.0
# Finished ones that are remembered for people to look at.
REMEMBERED = 200


class Ledger:
    """Every prefetch that is not finished, and the last ones that are. Called under one lock.

    Attributes:
        counts: prefetches by final state, and ``loaded``.
    """

    def __init__(self, view: CacheView, settle: Callable[[bool], None]) -> None:
        """``settle`` is told of each prefetch that was loaded whether it was used."""
        self._view = view
        self._settle = settle
        self._open: dict[tuple[int, Place], PrefetchTask] = {}
        self._of_user: dict[int, list[PrefetchTask]] = {}
        self.finished: deque[PrefetchTask] = deque(maxlen=REMEMBERED)
        self.counts: Counter[str] = Counter()
        self._next_id = 1

    def open(self, user_id: int, place: Place, confidence: float, now: float) -> PrefetchTask:
        """A new one, which waits."""
        task = PrefetchTask(self._next_id, user_id, place, confidence, now)
        self._next_id += 1
        self._open[user_id, place] = task
        self._of_user.setdefault(user_id, []).append(task)
        return task

    def has(self, user_id: int, place: Place) -> bool:
        """Whether one is under way."""
        return (user_id, place) in self._open

    def of_user(self, user_id: int) -> int:
        """How many of a user are under way."""
        return len(self._of_user.get(user_id, ()))

    def tasks(self, *states: TaskState) -> list[PrefetchTask]:
        """Those not finished, oldest first, all or in some states."""
        return [task for task in self._open.values() if not states or task.state in states]

    def find(self, task_id: int) -> PrefetchTask | None:
        """The one with that number, if it is not finished."""
        return next((task for task in self._open.values() if task.id == task_id), None)

    def loaded(self, task: PrefetchTask, entry: object, now: float) -> None:
        """Its entry is in the cache."""
        task.entry = entry  # type: ignore[assignment]
        task.steps_left = HORIZON_STEPS
        task.enter(TaskState.READY, now)
        self.counts["loaded"] += 1

    def finish(self, task: PrefetchTask, state: TaskState, now: float, reason: str = "") -> None:
        """It is over."""
        task.enter(state, now, reason)
        del self._open[task.user_id, task.place]
        mine = self._of_user[task.user_id]
        mine.remove(task)
        if not mine:
            del self._of_user[task.user_id]
        task.entry = None
        self.finished.append(task)
        self.counts[state.value] += 1
        if state in SETTLED:
            self._settle(state is TaskState.USED)

    def visited(self, user_id: int, place: Place, now: float) -> None:
        """The user was in a place: what was prefetched for that was used, if it is still there."""
        for task in list(self._of_user.get(user_id, ())):
            if task.state is not TaskState.READY:
                if task.place == place:
                    self.finish(task, TaskState.LAPSED, now)
            elif task.place == place:
                used = self._is_there(task)
                self.finish(task, TaskState.USED if used else TaskState.WASTED, now)
            else:
                task.steps_left -= 1
                if task.steps_left <= 0:
                    self._miss(task, now)

    def sweep(self, now: float) -> None:
        """End what took too long."""
        for task in self.tasks():
            age = now - task.since
            if task.state is TaskState.WAITING and age > PATIENCE:
                self.finish(task, TaskState.LAPSED, now)
            elif task.state is TaskState.READY and age > HORIZON:
                self._miss(task, now)

    def forget(self, user_id: int, now: float) -> None:
        """Drop everything about a user, whatever will become of it."""
        for task in list(self._of_user.get(user_id, ())):
            self.finish(task, TaskState.CANCELLED, now, "the user is to be forgotten")
        kept: Iterable[PrefetchTask] = [one for one in self.finished if one.user_id != user_id]
        self.finished = deque(kept, maxlen=REMEMBERED)

    def __len__(self) -> int:
        """How many are not finished."""
        return len(self._open)

    def _miss(self, task: PrefetchTask, now: float) -> None:
        there = self._is_there(task)
        self.finish(task, TaskState.EXPIRED if there else TaskState.WASTED, now)

    def _is_there(self, task: PrefetchTask) -> bool:
        place = Step("", task.place.kind, task.place.id).place_key
        slot = self._view.peek(task.user_id, place)
        return slot is not None and slot.entry is task.entry
