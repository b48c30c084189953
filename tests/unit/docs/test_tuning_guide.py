"""The guide to tuning names what there is."""

from __future__ import annotations

import re
from pathlib import Path

import config
from app.core.monitor.tuning.advisers import (
    bulkheads,
    cache_lives,
    cache_sizes,
    pool_sizes,
    queue_batches,
    rate_limits,
    redis_timeout,
)
from app.core.resilience import TuningSettings
from app.settings import SETTINGS

GUIDE = (Path(__file__).parents[3] / "docs" / "tuning.md").read_text(encoding="utf-8")


def test_every_setting_is_explained_with_its_default() -> None:
    rows = dict(re.findall(r"^\| `(TUNING_[A-Z]+)` \| `([^`]+)` \|", GUIDE, re.MULTILINE))
    assert rows.keys() == {key for key in SETTINGS if key.startswith("TUNING")}
    for key, shown in rows.items():
        assert shown == str(getattr(config.Base, key)).lower(), key


def test_the_defaults_are_the_same_in_both_places() -> None:
    base = config.Base
    assert TuningSettings() == TuningSettings(
        base.TUNING_AUTO, base.TUNING_CONFIDENCE, base.TUNING_WINDOW
    )


def test_the_bounds_are_those_of_the_advisers() -> None:
    assert f"{cache_sizes.MEMORY_LIMIT:.0%}".replace("%", " %") in GUIDE
    assert cache_lives.LONGEST == 3600 and "to an hour at most" in GUIDE
    assert f"to {queue_batches.LARGEST} at most" in GUIDE
    assert f"to {redis_timeout.LONGEST:g} s at most" in GUIDE
    assert f"doubled, to {pool_sizes.LARGEST} at most" in GUIDE
    assert f"halved, to {pool_sizes.SMALLEST} at least" in GUIDE
    assert f"at least {pool_sizes.LEAST_WAITS} callers, and {pool_sizes.SHARE:.0%}" in (
        GUIDE.replace(" %", "%")
    )
    assert f"half as many more, to {bulkheads.LARGEST} at most" in GUIDE
    assert f"it refused {rate_limits.LEAST_REFUSED} calls and {rate_limits.SHARE:.0%}" in (
        GUIDE.replace(" %", "%")
    )
