"""Places in the invalidation log."""

from __future__ import annotations

import re
from typing import Self

from yoto.errors import ValidationFailed

SEQUENCE_BITS = 24
MAX_SEQUENCE = (1 << SEQUENCE_BITS) - 1
# Entry ids hold ms in 64 bits; 48 bits last for 8,900 years and fit the field beside masks.
MAX_MS = (1 << 48) - 1

_TEXT = re.compile(r"(0|[1-9][0-9]{0,14})-(0|[1-9][0-9]{0,7})", re.ASCII)


class Position(int):
    """The id of a log entry as one int that only grows: ``ms << 24 | sequence``.

    Prints as Redis writes the id, ``"1700000000000-3"``. Plain ints of the same value compare equal
    to it, so hot paths need not wrap other values.
    """

    __slots__ = ()

    @classmethod
    def of(cls, ms: int, sequence: int) -> Self:
        """The position of entry ``ms-sequence``.

        Raises:
            OverflowError: the numbers are no id that a healthy server gives out.
        """
        if not 0 <= ms <= MAX_MS or not 0 <= sequence <= MAX_SEQUENCE:
            raise OverflowError(f"{ms}-{sequence} is out of range for a position")
        return cls(ms << SEQUENCE_BITS | sequence)

    @classmethod
    def parse(cls, text: str, field: str = "position") -> Self:
        """The position that ``text`` names, such as ``"1700000000000-3"``.

        Raises:
            ValidationFailed: the text is no position; it names ``field``.
        """
        match = _TEXT.fullmatch(text) if isinstance(text, str) else None
        if match is not None:
            ms, sequence = int(match[1]), int(match[2])
            if ms <= MAX_MS and sequence <= MAX_SEQUENCE:
                return cls.of(ms, sequence)
        raise ValidationFailed({field: "must be a position such as '1700000000000-0'"})

    @property
    def ms(self) -> int:
        """Redis time in ms at which the entry was written, if its clock did not step back."""
        return self >> SEQUENCE_BITS

    @property
    def sequence(self) -> int:
        """Number of the entry among those of the same ms."""
        return self & MAX_SEQUENCE

    def __str__(self) -> str:
        return f"{self >> SEQUENCE_BITS}-{self & MAX_SEQUENCE}"

    def __repr__(self) -> str:
        return f"Position({str(self)!r})"


# Before the first entry of any log.
ORIGIN = Position(0)
