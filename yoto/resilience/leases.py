"""Slots that live as long as their process sends heartbeats."""

from __future__ import annotations

import logging
import math
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from types import TracebackType
from typing import Protocol, Self

from yoto.deadlines import ending

from .process import current_pid


@dataclass(slots=True, eq=False)
class Slot:
    """Held until ``release``, or until its lease ends without a heartbeat.

    Attributes:
        id: the holder's id, unique over all processes.
        partition: the partition of the bulkhead; empty for the whole.
        lease: seconds that it lives without a heartbeat.
        local: Redis does not know of it; it was taken while Redis was unavailable.
        renewed_at: when its lease began last, seconds of the runtime's clock.
        since: when its first lease began, which is when its holder came in.
        waited: seconds that the holder waited before that.
        reused: another holder of this worker had it before, under the same id.
        cap: the limit when Redis gave it; infinite when Redis did not give it.
    """

    _give_back: Callable[[Slot], bool] | None
    _clock: Callable[[], float]
    id: str
    partition: str
    lease: float
    local: bool
    renewed_at: float
    waited: float = 0.0
    reused: bool = False
    cap: float = math.inf
    since: float = field(init=False)
    _lost: bool = field(default=False, init=False)

    def __post_init__(self) -> None:
        self.since = self.renewed_at

    @property
    def lost(self) -> bool:
        """Whether another holder may have the slot by now: its lease ended unrenewed, as after a
        long stop of the process. A lost slot never comes back.

        The lease began on the server later than here, so it ends here first.
        """
        if not self._lost and not self.local:
            self._lost = self._clock() - self.renewed_at >= self.lease
        return self._lost

    @property
    def released(self) -> bool:
        """Whether it was given back."""
        return self._give_back is None

    def hand_over(self) -> bool:
        """Leave giving the slot back to another, such as the script that ends a guarded call.

        Returns:
            Whether it was still to be given back.
        """
        give_back, self._give_back = self._give_back, None
        return give_back is not None

    def release(self) -> bool:
        """Give the slot back; only the first call does.

        Returns:
            Whether the slot was still ours until now. Never raises: a slot that cannot be given
            back comes back with its lease.
        """
        give_back, self._give_back = self._give_back, None
        if give_back is None:
            return False
        with ending():
            return give_back(self)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.release()


log = logging.getLogger(__name__)

# A lease is renewed when this part of it is over, so that two heartbeats may get lost.
RENEW_AT = 1 / 3
# Seconds between checks when nothing is due; also how long the thread stays without slots.
IDLE = 1.0


class Renewer(Protocol):
    """A bulkhead, as the heartbeat sees it."""

    def renew(self, slots: Sequence[Slot]) -> None:
        """Renew these leases, all in one go; raises nothing."""
        ...


class Heartbeat:
    """Starts its thread with the first slot and ends it when there has been none for a while."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._pid = current_pid()
        self._slots: dict[str, tuple[Slot, Renewer]] = {}
        self._thread: threading.Thread | None = None
        self._wake = threading.Event()
        self._sleeps_until = 0.0

    @property
    def running(self) -> bool:
        """Whether the thread is there."""
        thread = self._thread
        return thread is not None and thread.is_alive()

    def __len__(self) -> int:
        """Slots that this process holds."""
        return len(self._slots)

    def __contains__(self, slot_id: str) -> bool:
        """Whether a slot of this id is kept alive."""
        return slot_id in self._slots

    def add(self, slot: Slot, renewer: Renewer) -> None:
        """Keep a slot alive until ``remove``."""
        if self._pid != current_pid():
            self._after_fork()
        self._slots[slot.id] = (slot, renewer)
        if self._thread is None:
            self._start()
        elif slot.renewed_at + slot.lease * RENEW_AT < self._sleeps_until:
            self._wake.set()

    def remove(self, slot: Slot) -> None:
        """Stop renewing a slot."""
        self._slots.pop(slot.id, None)

    def beat(self) -> None:
        """Renew the leases that are due; the thread does this, and tests may."""
        now = self._clock()
        due: dict[Renewer, list[Slot]] = {}
        for slot, renewer in list(self._slots.values()):
            if now >= slot.renewed_at + slot.lease * RENEW_AT:
                due.setdefault(renewer, []).append(slot)
        for renewer, slots in due.items():
            renewer.renew(slots)

    def close(self, timeout: float = IDLE) -> None:
        """Stop all renewals and end the thread; a later ``add`` starts it again."""
        self._slots.clear()
        thread = self._thread
        self._wake.set()
        if thread is not None and thread is not threading.current_thread():
            thread.join(timeout)

    def _start(self) -> None:
        with self._lock:
            if self._thread is not None:
                return
            self._thread = threading.Thread(target=self._run, name="yoto-heartbeat", daemon=True)
            self._thread.start()

    def _run(self) -> None:
        me = threading.current_thread()
        while True:
            self._wake.wait(self._pause())
            self._wake.clear()
            if self._ends(me):
                return
            try:
                self.beat()
            except Exception:
                log.exception("a heartbeat failed; the next one follows")

    def _pause(self) -> float:
        now = self._clock()
        dues = [slot.renewed_at + slot.lease * RENEW_AT for slot, _ in list(self._slots.values())]
        self._sleeps_until = min([now + IDLE, *dues])
        return max(0.005, self._sleeps_until - now)

    def _ends(self, me: threading.Thread) -> bool:
        if self._slots:
            return False
        with self._lock:
            self._thread = None
            # A slot that came just now saw a thread and started none.
            if not self._slots:
                return True
            self._thread = me
            return False

    def _after_fork(self) -> None:
        """Threads do not survive a fork, and the parent's slots are the parent's."""
        self._pid = current_pid()
        self._lock = threading.Lock()
        self._wake = threading.Event()
        self._slots = {}
        self._thread = None
