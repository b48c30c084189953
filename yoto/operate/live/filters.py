"""Filters of events by type. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence

from yoto.errors import ValidationFailed

MOST_TYPES = 50
# A dotted name, or the beginning of one: ``alert.raised``, ``alert.*``.
_PATTERN = re.compile(r"[a-z0-9_]+(\.[a-z0-9_]+)*(\.\*)?", re.ASCII)
LONGEST_TYPE = 64
SAYS = "must be a type such as 'alert.raised', or 'alert.*' for all that begin so"


class TypeFilter:
    """A filter of types and prefixes of types; an empty one accepts everything."""

    def __init__(self, types: Sequence[str] = (), field: str = "types") -> None:
        """Check and take ``types``.

        Raises:
            ValidationFailed: one is malformed, or there are too many; it names ``field``.
        """
        if len(types) > MOST_TYPES:
            raise ValidationFailed({field: f"at most {MOST_TYPES}"})
        for one in types:
            fits = isinstance(one, str) and len(one) <= LONGEST_TYPE and _PATTERN.fullmatch(one)
            if not fits:
                raise ValidationFailed({field: f"{one!r} {SAYS}"})
        self._exact = frozenset(one for one in types if not one.endswith("*"))
        self._beginnings = tuple(one[:-1] for one in types if one.endswith("*"))

    def wants(self, kind: str) -> bool:
        """Whether events of this type are wanted."""
        if not self._exact and not self._beginnings:
            return True
        return kind in self._exact or kind.startswith(self._beginnings)
