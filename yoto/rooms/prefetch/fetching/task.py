"""One prefetch, from its prediction to its outcome."""

from __future__ import annotations

import enum
from dataclasses import dataclass
from typing import Annotated, TypedDict

from yoto.cache import Entry, Loaded
from yoto.nodes import NodeId
from yoto.permission import Place
from yoto.rooms.prefetch.steps import json_id


class TaskState(enum.StrEnum):
    """The state of a prefetch.

    ``WAITING``, ``LOADING``, then ``READY``: in the cache, and not requested yet. At the end:
    ``USED``: it answered its user. ``EXPIRED``: its user went elsewhere for too long. ``WASTED``:
    it left the cache before a request. ``FAILED``: it could not be loaded. ``CANCELLED``: an
    operator cancelled it. ``LAPSED``: its user was there first, or it waited too long.
    """

    WAITING = "waiting"
    LOADING = "loading"
    READY = "ready"
    USED = "used"
    EXPIRED = "expired"
    WASTED = "wasted"
    FAILED = "failed"
    CANCELLED = "cancelled"
    LAPSED = "lapsed"


# Unfinished states.
UNDER_WAY = (TaskState.WAITING, TaskState.LOADING, TaskState.READY)
# Outcomes that show whether the prediction was right.
SETTLED = (TaskState.USED, TaskState.EXPIRED, TaskState.WASTED)


class TaskReport(TypedDict):
    """One prefetch of a worker, for people."""

    id: int
    user_id: int
    scope: str
    scope_id: NodeId | None
    confidence: float
    state: str
    seconds: Annotated[float, "In this state"]
    reason: str


@dataclass(slots=True, eq=False)
class PrefetchTask:
    """One prefetch in this process.

    Attributes:
        id: number in this process.
        confidence: the probability that it was predicted with.
        since: monotonic s at which ``state`` was entered.
        entry: the loaded entry; a slot of the cache with this very object was filled by us.
        steps_left: visits elsewhere by its user until it counts as expired.
        reason: why it failed or was cancelled.
    """

    id: int
    user_id: int
    place: Place
    confidence: float
    since: float
    state: TaskState = TaskState.WAITING
    entry: Entry | Loaded | None = None
    steps_left: int = 0
    reason: str = ""

    def enter(self, state: TaskState, now: float, reason: str = "") -> None:
        """Go on to another state."""
        self.state, self.since, self.reason = state, now, reason

    def to_plain(self, now: float) -> TaskReport:
        """The prefetch as plain data for people, with the age of the state in s."""
        return {
            "id": self.id,
            "user_id": self.user_id,
            "scope": self.place.kind,
            "scope_id": json_id(self.place.id),
            "confidence": round(self.confidence, 4),
            "state": self.state.value,
            "seconds": round(max(0.0, now - self.since), 3),
            "reason": self.reason,
        }
