"""What a check needs at hand to take its answer from memory without a detour."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from app.core.cache import CacheCounts, PlaceKey, Slot, Tailer, TieredCache
from app.core.permission.maintenance import Maintenance
from app.core.permission.registry import PermissionRegistry


@dataclass(frozen=True, slots=True)
class QuickCheck:
    """The parts of one app's system that every check asks, each one attribute away.

    Attributes:
        tailer: says until when memory is fresh, and which position it includes.
        find: what memory has of a user, by place; None: nothing.
        conditional: the same for one place of what ``find`` does not show: entries that end on a
            date.
        counts: where answers are to be counted.
    """

    registry: PermissionRegistry
    maintenance: Maintenance
    tailer: Tailer
    find: Callable[[int], dict[PlaceKey, Slot] | None]
    conditional: Callable[[int, PlaceKey], int | None]
    counts: CacheCounts


def quick_check(
    registry: PermissionRegistry, cache: TieredCache, maintenance: Maintenance
) -> QuickCheck:
    """The parts of ``cache``, and those beside it."""
    lookup = cache.lookup
    return QuickCheck(
        registry, maintenance, cache.tailer, lookup.find, lookup.conditional, lookup.counts
    )
