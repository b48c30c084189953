"""The reply of Redis to the last admitted call, believed for a moment."""

from __future__ import annotations

from collections.abc import Callable

from .plan import BreakerPlan
from .states import Admission, Meaning

# Seconds. A change of state that no event announced reaches every worker within this.
REMEMBERED = 1.0


class AdmissionMemory:
    """Admits while a breaker is closed, without asking again. Safe for threads.

    Anything that may mean that the breaker is no longer closed makes it forget: an event, a
    refusal, a failure of this worker, an operator's act.
    """

    __slots__ = ("_clock", "_dropped_at", "_kept")

    def __init__(self, clock: Callable[[], float]) -> None:
        """``clock``: seconds that only grow."""
        self._clock = clock
        self._kept: tuple[Admission, BreakerPlan, float] | None = None
        self._dropped_at = float("-inf")

    def find(self, plan: BreakerPlan) -> Admission | None:
        """The admission for one more call; ``None``: ask Redis."""
        kept = self._kept
        if kept is None or kept[1] is not plan or self._clock() >= kept[2]:
            return None
        return kept[0]

    def keep(self, plan: BreakerPlan, admission: Admission, asked_at: float) -> None:
        """Remember the reply of Redis to a call that asked then, if it says that the breaker is
        closed and no other state was published since."""
        if admission.meaning is not Meaning.COUNTED:
            return
        self._kept = (admission, plan, asked_at + REMEMBERED)
        # Checked last: a drop comes before it, or removes the reply just kept.
        if asked_at <= self._dropped_at:
            self._kept = None

    def drop(self) -> None:
        """Ask again, also on behalf of calls whose reply is on its way."""
        self._dropped_at = self._clock()
        self._kept = None
