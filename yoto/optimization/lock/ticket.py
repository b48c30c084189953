"""A ticket of a holder, by which another owner can take up its lock."""

from __future__ import annotations

import re
from typing import NamedTuple, Self

from yoto.errors import ValidationFailed

# "<token>:<owner>.<lease in ms> <key>"
_TEXT = re.compile(r"([0-9]{1,16}:[0-9a-f]{16}\.[0-9]{1,10}) (.*)", re.DOTALL)


class Ticket(NamedTuple):
    """The lock ``key`` while ``value`` stands in Redis for it."""

    key: str
    value: str

    @property
    def text(self) -> str:
        """The ticket as text, for a message or a job."""
        return f"{self.value} {self.key}"

    @property
    def token(self) -> int:
        """The fencing token."""
        return int(self.value.partition(":")[0])

    @classmethod
    def parse(cls, text: str) -> Self:
        """The ticket that ``text`` is.

        Raises:
            ValidationFailed: it is none.
        """
        found = _TEXT.fullmatch(text) if isinstance(text, str) else None
        if found is None:
            raise ValidationFailed({"ticket": "must be what detach() of a lock returned"})
        return cls(found[2], found[1])
