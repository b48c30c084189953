"""The guide to tuning names what there is."""

from __future__ import annotations

import re
from pathlib import Path

from yoto.parts.rooms import ALL, chosen
from yoto.resilience import tuning_config
from yoto.rooms.tuner.recommenders import (
    bulkheads,
    cache_lives,
    cache_sizes,
    pool_sizes,
    queue_batches,
    rate_limits,
    redis_timeout,
)
from yoto.settings import known_settings

GUIDE = (Path(__file__).parents[3] / "docs" / "tuning.md").read_text(encoding="utf-8")

OF_ROOMS = [key for room in chosen(ALL) for key in room.live]
FIELDS = tuning_config(OF_ROOMS, ()).describe()
LIVE = {one["name"].upper(): one for one in FIELDS if not one["tuners_own"]}
FAMILIES = ("CACHE_", "INVALIDATION_", "PRELOAD", "PREFETCH_", "HOT_", "POLICY_")


def test_one_table_says_what_changes_while_workers_run_and_what_needs_a_restart() -> None:
    table = GUIDE.partition("## What changes while workers run")[2].partition("\n## ")[0]
    cells = [line.split("|")[2:4] for line in table.splitlines() if line.startswith("|")]
    live, fixed = (re.findall(r"`([A-Z_]+)`", " ".join(column)) for column in zip(*cells))
    assert sorted(live) == sorted(LIVE)
    family = {key for key in known_settings() if key.startswith(FAMILIES)}
    assert len(set(fixed)) == len(fixed)
    assert set(fixed) == (family | {"DATABASE_POOL_SIZE"}) - set(live)


def test_the_bounds_are_those_of_the_recommenders() -> None:
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
