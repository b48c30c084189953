"""With ``YOTO_TEST_CASES=first``, of each parametrised test the first case alone.

Another database and another event loop are met by the statements and the calls of a test; most
cases are values that are refused before either. All cases on both are ci-advanced's.
"""

from __future__ import annotations

import os

import pytest

# Where each case is other statements.
WHOLE = (
    "tests/integration/migrations/",
    "tests/integration/yoto/permission/checking/",
    "tests/integration/yoto/permission/test_statements.py",
)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if os.environ.get("YOTO_TEST_CASES") != "first":
        return
    first: dict[str, pytest.Item] = {}
    for item in items:
        whole = item.nodeid.startswith(WHOLE)
        first.setdefault(item.nodeid if whole else item.nodeid.partition("[")[0], item)
    kept = set(first.values())
    config.hook.pytest_deselected(items=[item for item in items if item not in kept])
    items[:] = [item for item in items if item in kept]
