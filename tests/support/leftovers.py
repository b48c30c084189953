"""Background work that a package of tests has begun and not ended fails the last of them.

It would go on for the rest of the run, in whichever tests of others share the process.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from yoto.housekeeping.clock import ClockPart, the_clock

_known: list[ClockPart] = []


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_teardown(item: pytest.Item, nextitem: pytest.Item | None) -> Iterator[None]:
    yield
    if nextitem is not None and nextitem.path.parent == item.path.parent:
        return
    left = [part for part in the_clock().parts if part not in _known]
    _known.extend(left)
    names = [part.work.name for part in left]
    assert not left, f"still at work after the last test of {item.path.parent}: {names}"
