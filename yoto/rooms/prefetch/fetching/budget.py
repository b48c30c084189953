"""The budget of prefetching: a window and a confidence that follow precision, and a rate. Pure.

The window is how many prefetches may be undecided at a time. It follows their outcomes as the
window of a TCP sender follows losses: after a batch that was precise enough it grows, by a step and
at most to the double, if it was in use (RFC 2861); after any other, half of the used window is left
(additive increase, multiplicative decrease: Chiu and Jain, 1989). The required confidence goes the
other way.

Below ``LEAST_WINDOW`` it is turned down and only explores: one prefetch for every hundred look-ups
that memory could not answer, so that extra work stays at 1 % of all work, and better times are
noticed.
"""

from __future__ import annotations

from yoto.rooms.prefetch.settings import PrefetchSettings

# Outcomes after which precision is judged: enough to tell a half from a third.
BATCH, EXPLORING_BATCH = 32, 16
FIRST_WINDOW, LEAST_WINDOW = 32.0, 4.0
# Steps from the least window to the largest.
GROWTH_STEPS = 8
# Prefetches for each look-up that missed, while exploring, and the most that may be saved up.
EXPLORE_SHARE, EXPLORE_SAVED = 0.01, 4.0
# s of the rate that may be saved up.
BURST = 1.0
# The strictest confidence, as a part of the distance to 1; its beginning on the way there; and the
# part of that way by which a batch moves it.
STRICTEST, FIRST_STRICTNESS = 0.5, 0.5
STRICTER, LAXER = 0.25, 0.125


class Budget:
    """The budget of one process. Called by one thread.

    Attributes:
        largest: the largest window.
        window: prefetches that may be undecided at a time.
        exploring: whether it is turned down.
        precision: precision of the last batch, 0 to 1; None before there was one.
    """

    def __init__(self, settings: PrefetchSettings, capacity: int, now: float) -> None:
        """``capacity``: entries that the cache has room for. ``now``: monotonic s."""
        self._settings = settings
        self.largest = max(LEAST_WINDOW, settings.memory_share * capacity)
        self.window = min(FIRST_WINDOW, self.largest)
        self.exploring = False
        self.precision: float | None = None
        self._strictness = FIRST_STRICTNESS
        self._used = self._settled = self._most_undecided = 0
        self._tokens, self._refilled = settings.rate * BURST, now
        self._credit = 0.0

    @property
    def confidence(self) -> float:
        """The probability from which a place is prefetched.

        Exploring uses that of the best times: to see whether they are back.
        """
        least = self._settings.confidence
        if self.exploring:
            return least
        return least + (1 - least) * STRICTEST * self._strictness

    def retune(self, settings: PrefetchSettings, capacity: int) -> None:
        """Go on with other settings; the learned precision stays."""
        self._settings = settings
        self.largest = max(LEAST_WINDOW, settings.memory_share * capacity)
        self.window = min(self.window, self.largest)

    def settle(self, used: bool) -> None:
        """Count the outcome of one prefetch."""
        self._settled += 1
        self._used += used
        if self._settled < (EXPLORING_BATCH if self.exploring else BATCH):
            return
        self.precision = self._used / self._settled
        if self.precision < self._settings.precision:
            self._narrow()
        else:
            self._widen()
        self._used = self._settled = self._most_undecided = 0

    def missed(self, lookups: int) -> None:
        """Report how many look-ups memory could not answer meanwhile."""
        if self.exploring:
            self._credit = min(EXPLORE_SAVED, self._credit + EXPLORE_SHARE * lookups)

    def allowance(self, undecided: int, now: float) -> int:
        """The number of prefetches that may begin now, with ``undecided`` ones under way."""
        elapsed = max(0.0, now - self._refilled)
        self._refilled = now
        rate = self._settings.rate
        self._tokens = min(rate * BURST, self._tokens + rate * elapsed)
        self._most_undecided = max(self._most_undecided, undecided)
        # Exploring limits the work, not the number of undecided prefetches.
        limit = self._credit if self.exploring else self.window - undecided
        return max(0, int(min(self._tokens, limit)))

    def spend(self, prefetches: int) -> None:
        """Note that so many of the allowance were taken."""
        self._tokens -= prefetches
        if self.exploring:
            self._credit -= prefetches

    def _narrow(self) -> None:
        self._strictness = min(1.0, self._strictness + STRICTER)
        if self.exploring:
            return
        self.window = min(self.window, max(BATCH, self._most_undecided)) / 2
        if self.window < LEAST_WINDOW:
            self.window, self.exploring, self._credit = LEAST_WINDOW, True, 0.0

    def _widen(self) -> None:
        self._strictness = max(0.0, self._strictness - LAXER)
        if self.exploring:
            self.exploring, self.window = False, min(2 * LEAST_WINDOW, self.largest)
        elif self._most_undecided >= self.window / 2:
            grown = min(2 * self.window, self.window + self.largest / GROWTH_STEPS)
            self.window = min(self.largest, grown)
