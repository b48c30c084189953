"""Levels, changed while the process runs."""

from __future__ import annotations

import logging

import pytest

from tests.support.log_lines import written
from yoto import logs
from yoto.errors import ValidationFailed


def test_a_level_holds_from_now_on() -> None:
    log = logging.getLogger("app.test_levels")
    with written("WARNING") as lines:
        log.info("before")
        logs.set_level("DEBUG")
        log.debug("after")
        assert logs.get_level() == "DEBUG"
    assert [line["event"] for line in lines.parsed()] == ["after"]


def test_a_level_may_be_one_loggers_alone() -> None:
    try:
        with written("WARNING") as lines:
            logs.set_level("INFO", "app.test_levels")
            logging.getLogger("app.test_levels.inner").info("heard")
            logging.getLogger("app.test_other").info("not heard")
    finally:
        logging.getLogger("app.test_levels").setLevel(logging.NOTSET)
    assert [line["event"] for line in lines.parsed()] == ["heard"]


@pytest.mark.parametrize(
    ("level", "logger", "field"),
    [
        ("LOUD", "", "level"),
        ("info", "", "level"),
        ("INFO", "app..x", "logger"),
        ("INFO", "a b", "logger"),
    ],
)
def test_a_wrong_one_is_refused_and_changes_nothing(level: str, logger: str, field: str) -> None:
    before = logs.get_level()
    with pytest.raises(ValidationFailed) as refused:
        logs.set_level(level, logger)
    assert list(refused.value.errors) == [field]
    assert logs.get_level() == before
