"""Tests that wait for servers come first in the third that each of three workers begins with.

A run is long while a worker waits in a browser's test and no other work is left. So each third
ends with unit tests, which others take over in no time.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice

import pytest

# The suites with which each worker begins, one after the other.
FIRST = (("e2e",), ("chaos", "contract"), ("integration",))


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    waiting: list[list[pytest.Item]] = [[] for _ in FIRST]
    others: list[pytest.Item] = []
    for item in items:
        suite = item.nodeid.partition("/")[2].partition("/")[0]
        begun = next((one for one, suites in enumerate(FIRST) if suite in suites), None)
        (others if begun is None else waiting[begun]).append(item)
    rest = iter(others)
    third = len(items) // len(FIRST)
    items[:] = [item for part in waiting for item in _filled(part, third, rest)] + list(rest)


def _filled(part: list[pytest.Item], size: int, rest: Iterator[pytest.Item]) -> list[pytest.Item]:
    return part + list(islice(rest, max(0, size - len(part))))
