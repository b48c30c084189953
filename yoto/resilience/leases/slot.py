"""A slot of a bulkhead, as its holder sees it."""

from __future__ import annotations

import math
from collections.abc import Callable
from types import TracebackType
from typing import Self


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

    __slots__ = (
        "_clock",
        "_give_back",
        "_lost",
        "cap",
        "id",
        "lease",
        "local",
        "partition",
        "renewed_at",
        "reused",
        "since",
        "waited",
    )

    def __init__(
        self,
        give_back: Callable[[Slot], bool],
        clock: Callable[[], float],
        slot_id: str,
        partition: str,
        lease: float,
        local: bool,
        renewed_at: float,
        waited: float = 0.0,
    ) -> None:
        self._give_back: Callable[[Slot], bool] | None = give_back
        self._clock = clock
        self._lost = False
        self.id = slot_id
        self.partition = partition
        self.lease = lease
        self.local = local
        self.renewed_at = self.since = renewed_at
        self.waited = waited
        self.reused = False
        self.cap = math.inf

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
        return give_back is not None and give_back(self)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.release()
