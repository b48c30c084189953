"""The nesting of teams or roles: all ways from one to another, and the longest."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from typing import Any

# The deepest nesting of teams and roles; deeper ones are too hard to follow.
MOST_DEEP = 32
TOO_DEEP = f"more than {MOST_DEEP} would be below each other"

Edges = Mapping[int, Collection[int]]


def edges_from(ids: Collection[int], following: Callable[[set[int]], Iterable[Any]]) -> Edges:
    """The successors of each of ``ids`` and of all reached from them.

    Args:
        following: pairs of some ids and their successors, asked once for each level.
    """
    found: dict[int, list[int]] = {}
    newest = set(ids)
    while newest:
        found |= {one: [] for one in newest}
        for one, other in following(newest):
            found[one].append(other)
        newest = {other for one in newest for other in found[one]} - found.keys()
    return found


def reached(edges: Edges, start: int) -> set[int]:
    """The successors of one at any distance, and itself."""
    found = newest = {start}
    while newest:
        newest = {other for one in newest for other in edges[one]} - found
        found = found | newest
    return found


def longest(edges: Edges, start: int) -> int:
    """The length of the longest way from one; the count ends soon after ``MOST_DEEP``."""
    length, newest = 0, {start}
    while newest and length <= MOST_DEEP:
        newest = {other for one in newest for other in edges[one]}
        length += 1
    return length
