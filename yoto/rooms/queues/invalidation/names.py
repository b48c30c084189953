"""The Redis keys of the invalidation queue, all with one hash tag, and the names of its groups."""

from __future__ import annotations

from typing import NamedTuple, Self

from yoto.redis import KeyBuilder

# The extent of an invalidation: all tiers everywhere, or the memory of processes alone.
LEVELS = ("all", "l1")
NOTHING = "-"


class Group(NamedTuple):
    """Items of one level that one subject covers; None: items without a covering subject."""

    level: str
    covering: str | None

    @property
    def name(self) -> str:
        """Its name in Redis: ``all server:7``, ``l1 -``."""
        return f"{self.level} {self.covering or NOTHING}"

    @classmethod
    def named(cls, name: str) -> Self:
        """The inverse of ``name``."""
        level, _, covering = name.partition(" ")
        return cls(level, None if covering == NOTHING else covering)


# The groups without a covering subject.
UNCOVERED = tuple(Group(level, None) for level in LEVELS)


class QueueKeys(NamedTuple):
    """The keys that all groups share."""

    state: str
    by_age: str
    by_size: str
    kinds: str
    reasons: str
    claim: str
    later: str
    why_later: str
    told: str

    @classmethod
    def of(cls, keys: KeyBuilder) -> Self:
        """The keys of an application."""
        parts = (part.replace("_", "-") for part in cls._fields)
        return cls(*map(keys.invalidation_queue, parts))


def group_keys(keys: KeyBuilder, group: Group) -> list[str]:
    """The keys of a group's items, of their reasons, and of its totals."""
    return [
        keys.invalidation_queue(group.level, group.covering or NOTHING, part)
        for part in ("items", "why", "totals")
    ]
