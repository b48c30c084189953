"""One answer for all who ask at about the same time."""

from __future__ import annotations

import time

import pytest

from tests.support.together import together
from tests.support.waiting import wait_until
from yoto.operate.live.views import Remembered


def test_many_askers_make_one_answer_until_it_is_old() -> None:
    made: list[int] = []

    def find() -> int:
        time.sleep(0.05)
        made.append(len(made))
        return made[-1]

    remembered = Remembered(find, 0.2)
    assert together([remembered] * 8) == [0] * 8
    wait_until(lambda: remembered() == 1)
    assert made == [0, 1]


def test_an_error_is_not_kept() -> None:
    answers = iter([ValueError("away"), 7])

    def find() -> int:
        found = next(answers)
        if isinstance(found, Exception):
            raise found
        return found

    remembered = Remembered(find, 60)
    with pytest.raises(ValueError, match="away"):
        remembered()
    assert remembered() == remembered() == 7
