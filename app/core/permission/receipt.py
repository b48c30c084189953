"""What every write gives back."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class WriteReceipt:
    """Proof of a change.

    Attributes:
        position: the place of the change in the invalidation log; None: not in a log.
        ids: database ids of what was made or changed, in the order asked for.
    """

    position: str | None = None
    ids: tuple[int, ...] = ()
