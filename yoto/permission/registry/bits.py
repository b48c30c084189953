"""Permission masks: a Python int in which each registered permission has one bit."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

# A stored verdict is one int: flags, and above them the ordinary mask. With LOCAL, a user has
# every local permission, also any registered later; with SUPER, all.
SUPER, LOCAL = 1, 2
FLAG_BITS = 2


def mask_of(bits: Iterable[int]) -> int:
    """The mask with exactly these bit indexes set."""
    mask = 0
    for bit in bits:
        mask |= 1 << bit
    return mask


def bits_of(mask: int) -> Iterator[int]:
    """The bit indexes set in ``mask`` (not negative), lowest first."""
    while mask:
        lowest = mask & -mask
        yield lowest.bit_length() - 1
        mask ^= lowest


@dataclass(frozen=True, slots=True)
class KnownBits:
    """The masks of the registered permissions.

    Attributes:
        every: all registered permissions.
        local: those that can be granted at nodes: all but those of scope ``global``.
        width: bits that a mask needs.
    """

    every: int
    local: int
    width: int = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "width", self.every.bit_length())
