"""Evaluates a candidate beside live evaluations, out of their way."""

from __future__ import annotations

import json
import logging
import random
import threading
from collections import deque
from collections.abc import Callable
from typing import NamedTuple

from yoto.rooms.policies.engine import CompiledPolicies
from yoto.rooms.policies.result import Verdict
from yoto.rooms.policies.shadow.flips import FlipCounts
from yoto.rooms.policies.store import StoredCounts

log = logging.getLogger(__name__)

# Evaluations that wait to be compared; a candidate that is too slow for more misses some.
WAITING = 1_000

_DENIED = Verdict(allow=False, deny=())


class _Seen(NamedTuple):
    text: str
    verdict: Verdict


class Shadow:
    """One candidate in one process. Safe for threads.

    A decision never waits for it: inputs are queued, and ``work`` compares.

    Attributes:
        version_id: id of the candidate's row.
        missed: evaluations that came when too many waited.
    """

    def __init__(
        self,
        version_id: int,
        compiled: CompiledPolicies,
        sample: float,
        wake: Callable[[], None],
    ) -> None:
        """``wake`` has ``work`` called soon; ``sample`` is a share, 0 to 1."""
        self.version_id = version_id
        self.compiled = compiled
        self.missed = 0
        self._sample = sample
        self._wake = wake
        self._waiting: deque[_Seen] = deque()
        self._working = threading.Lock()
        self._flips = FlipCounts()
        self._evaluated = self._errors = 0

    def see(self, text: str, verdict: Verdict) -> None:
        """Note a live evaluation of the input ``text``, which is JSON, if it is in the sample."""
        if random.random() >= self._sample:
            return
        if len(self._waiting) >= WAITING:
            self.missed += 1
            return
        self._waiting.append(_Seen(text, verdict))
        self._wake()

    def work(self) -> None:
        """Compare the waiting inputs."""
        while self._waiting:
            # Release it between two: a reader of the counts must not wait for all of them.
            with self._working:
                if self._waiting:
                    self._compare(self._waiting.popleft())

    def counts(self) -> StoredCounts:
        """The counts so far in this process."""
        with self._working:
            return StoredCounts(self._evaluated, self._errors, self._flips.to_plain())

    def _compare(self, seen: _Seen) -> None:
        self._evaluated += 1
        try:
            verdict = self.compiled.evaluate(seen.text)
        except Exception as error:
            if not self._errors:
                log.warning("a candidate policy could not decide: %s", error)
            self._errors += 1
            verdict = _DENIED
        if verdict.allow != seen.verdict.allow:
            self._flips.add(json.loads(seen.text), seen.verdict, verdict)
