"""How many random examples a test looks at: all in the long form, fewer in a usual run."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from hypothesis import HealthCheck, settings

from tests.conftest import DATABASE
from tests.support.require import TEST_ALL

T = TypeVar("T")


def drawn(number: int, **others: Any) -> Any:
    """Settings of ``number`` examples, of which a usual run draws a tenth: each draws new ones.

    Args:
        others: as ``hypothesis.settings`` has them.
    """
    return settings(max_examples=number if TEST_ALL else number // 10, **others)


def on_one_database(number: int) -> Callable[..., Any]:
    """Settings of ``number`` examples that follow each other on the database of one test.

    MariaDB, which plans large statements for milliseconds, gets a tenth of them: what it is there
    to show is that it takes the same SQL to mean the same. A usual run gets a fifth of either.
    """
    of_all = (1 if DATABASE == "sqlite" else 10) * (1 if TEST_ALL else 5)
    several: Callable[..., Any] = settings(
        max_examples=max(3, number // of_all),
        suppress_health_check=[
            *settings().suppress_health_check,  # of the profile, which a list of its own replaces
            HealthCheck.function_scoped_fixture,
        ],
    )
    return several


def some_of(cases: Sequence[T], usual: int) -> Sequence[T]:
    """All of the drawn cases; a usual run takes the first ``usual``, on MariaDB one."""
    if TEST_ALL:
        return cases
    return cases[: usual if DATABASE == "sqlite" else 1]
