"""The prefetches of one process and their fates. Pure, except for reading the cache."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Callable, Iterable
from itertools import takewhile
from typing import TypeAlias

from yoto.cache import Entry, Loaded
from yoto.permission import Place
from yoto.rooms.prefetch.fetching.task import SETTLED, UNDER_WAY, PrefetchTask, TaskState
from yoto.rooms.prefetch.fetching.view import PermissionCacheView
from yoto.rooms.prefetch.steps import Step

# Visits elsewhere by the user, and s, after which a prefetch that was not used was wrong.
HORIZON_STEPS, HORIZON = 12, 300.0
# s that a prefetch may wait for its turn: later its user is somewhere else.
PATIENCE = 10.0
Key: TypeAlias = tuple[int, Place]

# Finished prefetches that are remembered for people to look at.
REMEMBERED = 200


class Ledger:
    """Every unfinished prefetch, and the last finished ones. Called under one lock.

    Attributes:
        counts: prefetches by final state, and ``loaded``.
    """

    def __init__(self, view: PermissionCacheView, settle: Callable[[bool], None]) -> None:
        """``settle`` is called for each loaded prefetch, with whether it was used."""
        self._view = view
        self._settle = settle
        # By state, each in the order in which it was entered.
        self._open: dict[TaskState, dict[Key, PrefetchTask]] = {state: {} for state in UNDER_WAY}
        self._of_user: dict[int, dict[Place, PrefetchTask]] = {}
        self.finished: deque[PrefetchTask] = deque(maxlen=REMEMBERED)
        self.counts: Counter[str] = Counter()
        self._next_id = 1

    def open(self, user_id: int, place: Place, confidence: float, now: float) -> PrefetchTask:
        """Add a new prefetch, which waits."""
        task = PrefetchTask(self._next_id, user_id, place, confidence, now)
        self._next_id += 1
        self._open[TaskState.WAITING][user_id, place] = task
        self._of_user.setdefault(user_id, {})[place] = task
        return task

    def has(self, user_id: int, place: Place) -> bool:
        """Whether such a prefetch is under way."""
        return place in self._of_user.get(user_id, ())

    def of_user(self, user_id: int) -> int:
        """The number of a user's prefetches under way."""
        return len(self._of_user.get(user_id, ()))

    def tasks(self, *states: TaskState) -> list[PrefetchTask]:
        """Prefetches in some states, by default all under way; in each state the oldest first."""
        return [task for state in states or UNDER_WAY for task in self._open[state].values()]

    def find(self, task_id: int) -> PrefetchTask | None:
        """The unfinished prefetch with that number."""
        return next((task for task in self.tasks() if task.id == task_id), None)

    @property
    def undecided(self) -> int:
        """The number that are being loaded, or wait for their users."""
        return len(self._open[TaskState.LOADING]) + len(self._open[TaskState.READY])

    def move(self, task: PrefetchTask, state: TaskState, now: float) -> None:
        """Move a prefetch to another unfinished state."""
        del self._open[task.state][task.user_id, task.place]
        task.enter(state, now)
        self._open[state][task.user_id, task.place] = task

    def loaded(self, task: PrefetchTask, entry: Entry | Loaded, now: float) -> None:
        """Note that its entry is in the cache."""
        task.entry, task.steps_left = entry, HORIZON_STEPS
        self.move(task, TaskState.READY, now)
        self.counts["loaded"] += 1

    def finish(self, task: PrefetchTask, state: TaskState, now: float, reason: str = "") -> None:
        """End a prefetch."""
        del self._open[task.state][task.user_id, task.place]
        mine = self._of_user[task.user_id]
        del mine[task.place]
        if not mine:
            del self._of_user[task.user_id]
        task.enter(state, now, reason)
        task.entry = None
        self.finished.append(task)
        self.counts[state.value] += 1
        if state in SETTLED:
            self._settle(state is TaskState.USED)

    def visited(self, user_id: int, place: Place, now: float) -> None:
        """Note a visit: the place's prefetch was used, if its entry is still there."""
        for task in list(self._of_user.get(user_id, {}).values()):
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
        """End prefetches that took too long."""
        for task in self.tasks(TaskState.WAITING):
            if now - task.since > PATIENCE:
                self.finish(task, TaskState.LAPSED, now)
        for task in self._older(HORIZON, now):
            self._miss(task, now)

    def forget(self, user_id: int, now: float) -> None:
        """Drop everything about a user, whatever its state."""
        for task in list(self._of_user.get(user_id, {}).values()):
            self.finish(task, TaskState.CANCELLED, now, "the user is to be forgotten")
        kept: Iterable[PrefetchTask] = [one for one in self.finished if one.user_id != user_id]
        self.finished = deque(kept, maxlen=REMEMBERED)

    def _older(self, age: float, now: float) -> list[PrefetchTask]:
        """Prefetches that were ready for so long. They come first, so the others are not read."""
        ready = self._open[TaskState.READY].values()
        return list(takewhile(lambda task: now - task.since > age, ready))

    def _miss(self, task: PrefetchTask, now: float) -> None:
        there = self._is_there(task)
        self.finish(task, TaskState.EXPIRED if there else TaskState.WASTED, now)

    def _is_there(self, task: PrefetchTask) -> bool:
        place = Step("", task.place.kind, task.place.id).place_key
        slot = self._view.peek(task.user_id, place)
        return slot is not None and slot.entry is task.entry
