"""The order of tests in a run: it moves tests and loses none."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from tests.support.waiting_first import pytest_collection_modifyitems


@pytest.mark.parametrize("units", range(12))
@pytest.mark.parametrize("waiting", ["e2e", "contract", "integration"])
def test_each_test_is_run_once_wherever_the_thirds_end(waiting: str, units: int) -> None:
    names = [f"tests/{waiting}/test_a.py::test_{one}" for one in range(4)]
    names += [f"tests/unit/test_b.py::test_{one}" for one in range(units)]
    items: list[Any] = [SimpleNamespace(nodeid=name) for name in names]
    pytest_collection_modifyitems(items)
    assert sorted(item.nodeid for item in items) == sorted(names)
