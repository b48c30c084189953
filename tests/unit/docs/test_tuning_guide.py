"""The guide to tuning names what there is."""

from __future__ import annotations

import re
from pathlib import Path

import config
from app.settings import SETTINGS
from yoto.cache.settings import KEYS as CACHE_KEYS
from yoto.monitor.tuning.advisers import (
    bulkheads,
    cache_lives,
    cache_sizes,
    pool_sizes,
    queue_batches,
    rate_limits,
    redis_timeout,
)
from yoto.optimization import INVALIDATION_RANGES, INVALIDATION_STRATEGIES, QUEUE_KEYS
from yoto.resilience import TuningConfig, TuningSettings

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


LIVE = {one["name"].upper(): one for one in TuningConfig.describe() if not one["tuners_own"]}
FAMILIES = ("CACHE_", "INVALIDATION_", "PRELOAD", "PREFETCH_", "HOT_", "POLICY_")


def test_one_table_says_what_changes_while_workers_run_and_what_needs_a_restart() -> None:
    table = GUIDE.partition("## What changes while workers run")[2].partition("\n## ")[0]
    cells = [line.split("|")[2:4] for line in table.splitlines() if line.startswith("|")]
    live, fixed = (re.findall(r"`([A-Z_]+)`", " ".join(column)) for column in zip(*cells))
    assert sorted(live) == sorted(LIVE)
    known = {*SETTINGS, *CACHE_KEYS, *INVALIDATION_RANGES}
    family = {key for key in known if key.startswith(FAMILIES)}
    assert len(set(fixed)) == len(fixed)
    assert set(fixed) == (family | {"DATABASE_POOL_SIZE"}) - set(live)


def accepted(key: str, value: float) -> bool:
    """Whether the configuration takes a value of ``key``."""
    if key in SETTINGS:
        return SETTINGS[key].accepts(value)
    if key in QUEUE_KEYS:
        low, high = QUEUE_KEYS[key].low, QUEUE_KEYS[key].high
    else:
        _, _, low, high = (CACHE_KEYS | INVALIDATION_RANGES)[key]
    return low <= value <= high


def test_what_is_set_live_has_the_range_that_the_configuration_has() -> None:
    numbers = {key: one for key, one in LIVE.items() if "minimum" in one}
    assert len(numbers) == 19
    for key, one in numbers.items():
        low, high = one["minimum"], one["maximum"]
        assert accepted(key, low) and accepted(key, high), key
        assert not accepted(key, low - 0.0001) and not accepted(key, high + 0.0001), key
    assert LIVE["INVALIDATION_STRATEGY"]["choices"] == list(INVALIDATION_STRATEGIES)


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
