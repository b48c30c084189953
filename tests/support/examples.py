"""How many random examples a test looks at."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from hypothesis import HealthCheck, settings

from tests.conftest import DATABASE
from tests.support.require import TEST_ALL


def drawn(number: int, **others: Any) -> Any:
    """Settings of ``number`` examples, of which a usual run draws a fifth: each draws new ones.

    Args:
        others: as ``hypothesis.settings`` has them.
    """
    return settings(max_examples=number if TEST_ALL else number // 5, **others)


def on_one_database(number: int) -> Callable[..., Any]:
    """Settings of ``number`` examples that follow each other on the database of one test.

    MariaDB, which plans large statements for milliseconds, gets a tenth of them: what it is there
    to show is that it takes the same SQL to mean the same. A usual run gets a third.
    """
    several: Callable[..., Any] = settings(
        max_examples=max(2, number // (10 if DATABASE != "sqlite" else 1 if TEST_ALL else 3)),
        suppress_health_check=[
            *settings().suppress_health_check,  # of the profile, which a list of its own replaces
            HealthCheck.function_scoped_fixture,
        ],
    )
    return several
