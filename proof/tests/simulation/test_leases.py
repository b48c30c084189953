"""The search of bulkheads fills them, and workers keep spare slots in between: else it shows
nothing of either."""

from __future__ import annotations

from typing import Any

import pytest

from proof.simulation.protocols.leases import CAP, Leases
from proof.simulation.runner import schedule, simulated
from yoto.resilience.bulkhead.spares import Spares


def test_all_slots_are_taken_and_spare_ones_are_kept_and_used(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    most, used = [0], [0]
    count, take = Leases._count, Spares.take

    def counted(self: Leases) -> None:
        count(self)
        most.append(len(self._held))

    def taken(self: Spares, *args: Any) -> Any:
        slot = take(self, *args)
        used.append(slot is not None)
        return slot

    monkeypatch.setattr(Leases, "_count", counted)
    monkeypatch.setattr(Spares, "take", taken)
    with simulated():
        assert schedule("leases", 1).violation is None
    assert max(most) == CAP
    assert sum(used) > 0
