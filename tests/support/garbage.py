"""Collects garbage seldom, and nothing that lives to the end.

Importing the application and some thousand tests makes a million objects that stay. Python looks
through all of them again and again while tests make applications and drop them: a fifth of the
processor time of a run.
"""

from __future__ import annotations

import gc

import pytest

YOUNG = 20_000  # objects until the young are looked through; Python's own measure is 700


def pytest_configure() -> None:
    gc.disable()


def pytest_collection_finish(session: pytest.Session) -> None:
    gc.collect()
    gc.freeze()
    gc.set_threshold(YOUNG)
    gc.enable()
