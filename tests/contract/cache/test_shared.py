"""Values that many users share."""

from __future__ import annotations

import pytest

from tests.contract.cache.conftest import seen
from yoto.cache import Concerns, TieredCache
from yoto.errors import StoreUnavailable

OF_ROLE = Concerns(roles=frozenset({9}))


def test_a_value_is_loaded_once_and_again_after_its_change(
    cache: TieredCache, other: TieredCache
) -> None:
    values = iter(("old", "new"))

    def load() -> tuple[str, Concerns]:
        return next(values), OF_ROLE

    assert [cache.roles.get_or_load(9, load) for _ in range(3)] == ["old"] * 3
    seen(cache, other.invalidate("role:8", "user:9", "server:9"))
    assert cache.roles.get_or_load(9, load) == "old"
    seen(cache, other.invalidate_role(9))
    assert cache.roles.get_or_load(9, load) == "new"
    assert (cache.roles.hits, cache.roles.misses) == (3, 2)


def test_a_value_that_changes_while_it_is_loaded_is_not_kept(
    cache: TieredCache, other: TieredCache
) -> None:
    def load_slowly() -> tuple[str, Concerns]:
        seen(cache, other.invalidate_role(9))
        return "old", OF_ROLE

    cache.trees.get_or_load("tree", load_slowly)
    assert cache.trees.get_or_load("tree", lambda: ("new", OF_ROLE)) == "new"


def test_nothing_is_kept_of_a_load_that_fails(cache: TieredCache) -> None:
    def fail() -> tuple[str, Concerns]:
        raise StoreUnavailable("database")

    with pytest.raises(StoreUnavailable):
        cache.roles.get_or_load(9, fail)
    assert cache.roles.get_or_load(9, lambda: ("value", OF_ROLE)) == "value"


def test_kinds_do_not_meet(cache: TieredCache) -> None:
    cache.roles.get_or_load(9, lambda: ("role", OF_ROLE))
    assert cache.trees.get_or_load(9, lambda: ("tree", OF_ROLE)) == "tree"
    assert cache.stats().sizes["roles"] == cache.stats().sizes["trees"] == 1


def test_a_silent_log_ends_their_use(cache: TieredCache) -> None:
    cache.roles.get_or_load(9, lambda: ("old", OF_ROLE))
    cache.tailer.close()
    assert cache.roles.get_or_load(9, lambda: ("new", OF_ROLE)) == "new"
