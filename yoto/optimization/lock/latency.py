"""The latency of Redis as this process sees it: a percentile that forgets."""

from __future__ import annotations

import math
import threading
from time import monotonic

# Four buckets to each doubling, from 16 us up to a minute: a percentile is at most a fifth
# too high.
PER_OCTAVE = 4
SMALLEST = 16e-6  # s
BUCKETS = 22 * PER_OCTAVE

# s after which a sample counts half.
HALF_LIFE = 60.0
# Below so much weight of samples no percentile is given.
MIN_WEIGHT = 20.0
# Weights double with each half-life; after so many they are scaled down.
MOST_HALF_LIVES = 40.0


class DecayingLatency:
    """A histogram whose samples lose weight exponentially with age.

    Instead of making old samples lighter all the time, it makes new ones heavier (forward decay:
    Cormode, Shkapenyuk, Srivastava, Xu, 2009), so that noting one costs well under a microsecond.
    A sample that two threads lose between them changes nothing that matters.
    """

    def __init__(self) -> None:
        self._weights = [0.0] * BUCKETS
        self._origin = monotonic()
        self._rescaling = threading.Lock()

    def note(self, seconds: float, now: float) -> None:
        """Count one reply that took ``seconds``; ``now`` is the monotonic time."""
        age = (now - self._origin) / HALF_LIFE
        if age > MOST_HALF_LIVES:
            age = self._rescale(now)
        octaves = math.log2(max(seconds, SMALLEST) / SMALLEST)
        self._weights[min(BUCKETS - 1, int(octaves * PER_OCTAVE))] += 2.0**age

    def weight(self, now: float) -> float:
        """The weight of the known samples, in fresh samples."""
        return float(sum(self._weights) * 2.0 ** -((now - self._origin) / HALF_LIFE))

    def percentile(self, share: float, now: float) -> float | None:
        """Seconds within which ``share`` (0 to 1) of the replies came; None if few are known."""
        if self.weight(now) < MIN_WEIGHT:
            return None
        weights = list(self._weights)
        wanted = sum(weights) * share
        seen = 0.0
        for index, weight in enumerate(weights):
            seen += weight
            if seen >= wanted:
                break
        return float(SMALLEST * 2.0 ** ((index + 1) / PER_OCTAVE))

    def _rescale(self, now: float) -> float:
        """Restart the weights; the age of ``now`` since then, in half-lives."""
        with self._rescaling:
            age = (now - self._origin) / HALF_LIFE
            if age > MOST_HALF_LIVES:
                self._weights = [weight * 2.0**-age for weight in self._weights]
                self._origin = now
            return (now - self._origin) / HALF_LIFE
