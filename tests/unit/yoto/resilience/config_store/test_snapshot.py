"""From stored entries to the objects in force."""

from __future__ import annotations

from typing import Any

import pytest

from yoto.errors import ConfigurationError, ValidationFailed
from yoto.redis import ServerClock
from yoto.resilience import FLEET, Action, Change, Kind, Origin
from yoto.resilience.config_store.document import Document, Key
from yoto.resilience.config_store.local_copy import LocalCopy
from yoto.resilience.config_store.store import normalised
from yoto.resilience.settings import BulkheadConfig, RateLimitConfig, TuningConfig, tuning_config
from yoto.rooms.prefetch.settings import LIVE

KEY: Key = (Kind.BULKHEAD, "search")


def stored(version: int, expires_at: int = 0, **values: Any) -> dict[Key, Document]:
    change = Change(
        kind=KEY[0],
        name=KEY[1],
        version=version,
        origin=Origin.OPERATOR,
        action=Action.SET,
        values=values,
        author="ada",
        at=1,
        expires_at=expires_at,
    )
    return {KEY: Document().with_change(change)}


@pytest.fixture
def local() -> LocalCopy:
    return LocalCopy(ServerClock())


def test_a_reader_gives_what_is_in_force_at_each_call(local: LocalCopy) -> None:
    read = local.reader(KEY, BulkheadConfig)
    assert read() == BulkheadConfig()
    local.replace(stored(1, max_concurrent=3))
    assert read() == BulkheadConfig(max_concurrent=3)
    local.replace({})
    assert read() == BulkheadConfig()


def test_stored_fields_are_laid_over_the_default_in_code(local: LocalCopy) -> None:
    local.define(KEY, BulkheadConfig(max_concurrent=7, lease=2))
    local.replace(stored(1, max_concurrent=3))
    assert local.reader(KEY, BulkheadConfig)() == BulkheadConfig(max_concurrent=3, lease=2)


def test_a_default_given_after_the_first_reader_counts_too(local: LocalCopy) -> None:
    read = local.reader(KEY, BulkheadConfig)
    local.define(KEY, BulkheadConfig(max_concurrent=7))
    assert read().max_concurrent == 7


def test_code_may_not_give_two_defaults(local: LocalCopy) -> None:
    local.define(KEY, BulkheadConfig(max_concurrent=7))
    local.define(KEY, BulkheadConfig(max_concurrent=7))
    with pytest.raises(ConfigurationError, match="bulkhead:search"):
        local.define(KEY, BulkheadConfig(max_concurrent=8))


def test_three_kinds_of_one_name_do_not_meet(local: LocalCopy) -> None:
    local.replace(stored(1, max_concurrent=3))
    limit = local.reader((Kind.RATE_LIMIT, "search"), RateLimitConfig)
    assert limit() == RateLimitConfig()
    assert local.reader(KEY, BulkheadConfig)().max_concurrent == 3


@pytest.mark.parametrize("bad", [{"max_concurrent": -1}, {"max_concurrent": "x"}, {"colour": 1}])
def test_a_bad_stored_value_is_counted_and_the_last_good_one_stays(
    local: LocalCopy, bad: dict[str, Any], caplog: pytest.LogCaptureFixture
) -> None:
    read = local.reader(KEY, BulkheadConfig)
    local.replace(stored(1, max_concurrent=3))
    local.replace(stored(2, **bad))
    assert read().max_concurrent == 3
    assert local.bad_values == 1 and "bulkhead:search" in caplog.text


def test_a_stored_name_that_is_refused_holds_up_no_other_entry(
    local: LocalCopy, caplog: pytest.LogCaptureFixture
) -> None:
    read = local.reader(KEY, BulkheadConfig)
    [document] = stored(1, error=1.0).values()
    local.replace({(Kind.ALERT_RULE, "1bad"): document, **stored(1, max_concurrent=3)})
    assert read().max_concurrent == 3
    assert local.bad_values == 1 and "alert_rule:1bad" in caplog.text
    assert (Kind.ALERT_RULE, "1bad") not in local.snapshot.configs


def test_a_stored_field_that_was_removed_is_ignored_and_named_once(
    local: LocalCopy, caplog: pytest.LogCaptureFixture
) -> None:
    fleet: Key = (Kind.TUNING, FLEET)
    [kept] = stored(1, cache_roles_size=100, cache_users_size=9).values()
    read = local.reader(fleet, TuningConfig)
    local.replace({fleet: kept})
    assert read() == TuningConfig(cache_users_size=9) and local.bad_values == 0
    [later] = stored(2, cache_roles_size=100, cache_users_size=10).values()
    local.replace({fleet: later})
    assert read() == TuningConfig(cache_users_size=10)
    assert [one for one in caplog.messages if "cache_roles_size" in one] == [
        "cache_roles_size of tuning:fleet is deprecated and ignored: it was removed"
    ]


def test_a_field_that_was_removed_goes_with_the_next_change_and_is_not_set_anew() -> None:
    base, kept = TuningConfig(), {"cache_roles_size": 100, "cache_users_size": 9}
    assert normalised(base, kept, {"permission_pool_size": 6}) == {
        "cache_users_size": 9,
        "permission_pool_size": 6,
    }
    with pytest.raises(ValidationFailed) as refused:
        normalised(base, {}, {"cache_roles_size": 100})
    assert list(refused.value.errors) == ["cache_roles_size"]


def test_a_stored_field_of_a_room_that_is_off_is_kept_and_neither_read_nor_set(
    local: LocalCopy,
) -> None:
    fleet: Key = (Kind.TUNING, FLEET)
    off, on = tuning_config((), LIVE)(), tuning_config(LIVE, ())()
    stored_before = {"prefetch_rate": 3.0, "cache_users_size": 9}
    local.define(fleet, off)
    local.replace({fleet: stored(1, **stored_before)[KEY]})
    read = local.reader(fleet, TuningConfig)()
    assert "prefetch_rate" not in read.to_mapping() and local.bad_values == 0
    assert read.cache_users_size == 9
    changed = normalised(off, stored_before, {"permission_pool_size": 6})
    assert changed == {**stored_before, "permission_pool_size": 6}
    assert on.with_values(changed).to_mapping()["prefetch_rate"] == 3.0
    with pytest.raises(ValidationFailed) as refused:
        normalised(off, {}, {"prefetch_rate": 4.0})
    assert list(refused.value.errors) == ["prefetch_rate"]


def test_an_entry_that_cannot_be_read_stays_as_it_was(local: LocalCopy) -> None:
    read = local.reader(KEY, BulkheadConfig)
    local.replace(stored(1, max_concurrent=3))
    local.replace({}, unreadable=(KEY,))
    assert read().max_concurrent == 3 and local.bad_values == 1


def test_an_older_version_never_replaces_a_newer_one_by_merging(local: LocalCopy) -> None:
    local.merge(stored(5, max_concurrent=5))
    local.merge(stored(4, max_concurrent=4))
    assert local.reader(KEY, BulkheadConfig)().max_concurrent == 5


def test_a_layer_that_ran_out_is_dropped_when_it_does(local: LocalCopy) -> None:
    now = 1_000_000.0

    class Fixed(ServerClock):
        def now_ms(self) -> float:
            return now

    local = LocalCopy(Fixed())
    read = local.reader(KEY, BulkheadConfig)
    local.replace(stored(1, expires_at=1_000_500, max_concurrent=3))
    assert local.expire() == 500 and read().max_concurrent == 3
    now = 1_000_500.0
    assert local.expire() is None and read() == BulkheadConfig()


def test_listeners_hear_of_each_entry_that_changed_and_only_of_those(local: LocalCopy) -> None:
    heard: list[tuple[Key, Any]] = []

    def fails(key: Key, config: Any) -> None:
        raise RuntimeError("broken listener")

    local.reader(KEY, BulkheadConfig)
    local.reader((Kind.BULKHEAD, "other"), BulkheadConfig)
    local.on_change(fails)
    local.on_change(lambda key, config: heard.append((key, config)))
    local.replace(stored(1, max_concurrent=3))
    local.replace(stored(2, max_concurrent=3))
    assert heard == [(KEY, BulkheadConfig(max_concurrent=3))]


def test_names_are_bounded(local: LocalCopy, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("yoto.resilience.config_store.local_copy.MOST_NAMES", 2)
    local.reader((Kind.BULKHEAD, "a"), BulkheadConfig)
    local.reader((Kind.BULKHEAD, "b"), BulkheadConfig)
    local.reader((Kind.BULKHEAD, "a"), BulkheadConfig)
    with pytest.raises(ConfigurationError, match="more than 2 names"):
        local.reader((Kind.BULKHEAD, "c"), BulkheadConfig)


def test_an_operators_fields_are_known_as_forced(local: LocalCopy) -> None:
    local.replace(stored(1, max_concurrent=3))
    assert local.snapshot.forced[KEY] == {"max_concurrent"}


def test_a_bad_change_on_one_entry_does_not_hold_up_the_others(local: LocalCopy) -> None:
    other: Key = (Kind.BULKHEAD, "other")
    change = stored(1, max_concurrent=4)[KEY].layers[0]
    fine = Document(1, (change,))
    local.replace({**stored(1, max_concurrent=-1), other: fine})
    assert local.reader(other, BulkheadConfig)().max_concurrent == 4


def test_refusals_name_field_and_range() -> None:
    with pytest.raises(ValidationFailed, match="max_concurrent: must be from 0 to 100000"):
        BulkheadConfig.from_mapping({"max_concurrent": -1})
