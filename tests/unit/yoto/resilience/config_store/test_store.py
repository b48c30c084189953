"""The store as operators use it: on a single server and a cluster, with and without a record."""

from __future__ import annotations

import threading
import time
from typing import Any

import pytest

from tests.support.waiting import wait_until
from yoto.audit import AuditEntry
from yoto.errors import ValidationFailed, VersionConflict
from yoto.events import ConfigChanged, EventStream, SwitchChanged
from yoto.redis import RedisConnection
from yoto.resilience import ConfigStore, Kind, Origin, change_to_plain
from yoto.resilience.config_store.sync import POLL_INTERVAL
from yoto.resilience.settings import BulkheadConfig, RateLimitConfig

from .conftest import MakeStore

B, R = Kind.BULKHEAD, Kind.RATE_LIMIT


def limit_of(store: ConfigStore, name: str = "search") -> int:
    """The limit that another process would use, having seen the news."""
    store.sync.refresh()
    config = store.get(B, name).config
    assert isinstance(config, BulkheadConfig)
    return config.max_concurrent


def test_neither_use_nor_storing_defines_an_entry(make_store: MakeStore) -> None:
    store = make_store()
    store.define(B, "search", BulkheadConfig())
    store.reader(B, "used", BulkheadConfig)
    store.set(B, "stored", {"max_concurrent": 3}, author="ada", reason="busy evening")
    defined = [name for name in ("search", "used", "stored") if store.is_defined(B, name)]
    assert defined == ["search"] and not store.is_defined(R, "search")


def test_a_change_is_in_force_here_at_once_and_elsewhere_after_a_look(
    make_store: MakeStore,
) -> None:
    here, there = make_store(), make_store()
    assert limit_of(there) == 20
    receipt = here.set(B, "search", {"max_concurrent": 3}, author="ada", reason="busy evening")
    assert receipt.live and receipt.entry.version == 1
    assert here.get(B, "search").config == BulkheadConfig(max_concurrent=3)
    assert limit_of(there) == 3


def test_values_are_stored_in_one_form_however_they_were_given(store: ConfigStore) -> None:
    store.set(
        R,
        "send",
        {"algorithm": "sliding_log", "dimensions": ["user", "global"], "window": 10},
        author="ada",
    )
    config = store.get(R, "send").config
    assert isinstance(config, RateLimitConfig)
    assert config.algorithm == "sliding_log"
    assert [dimension.name for dimension in config.dimensions] == ["user", "global"]
    assert store.get(R, "send").to_plain()["layers"]["operator"]["values"] == {
        "algorithm": "sliding_log",
        "dimensions": {"user": {}, "global": {}},
        "window": 10.0,
    }


def test_fields_are_added_to_those_set_before_or_take_their_place(store: ConfigStore) -> None:
    store.set(B, "search", {"max_concurrent": 3}, author="ada")
    store.set(B, "search", {"wait": 2}, author="ada")
    assert store.get(B, "search").config == BulkheadConfig(max_concurrent=3, wait=2)
    store.set(B, "search", {"wait": 4}, author="ada", merge=False)
    assert store.get(B, "search").config == BulkheadConfig(wait=4)


def test_a_change_made_from_an_old_version_is_refused(make_store: MakeStore) -> None:
    ada, bob = make_store(), make_store()
    ada.set(B, "search", {"max_concurrent": 3}, author="ada", version=0)
    with pytest.raises(VersionConflict) as refused:
        bob.set(B, "search", {"max_concurrent": 9}, author="bob", version=0)
    assert refused.value.current_version == 1
    assert refused.value.current == {"max_concurrent": 3}
    assert limit_of(bob) == 3


def test_of_two_operators_who_edit_one_version_exactly_one_wins(
    make_store: MakeStore, events: EventStream
) -> None:
    stores = [make_store() for _ in range(6)]
    for number in range(7):
        stores[0].set(B, "search", {"max_concurrent": number}, author="ada")
    gate = threading.Barrier(len(stores))
    won: list[int] = []
    lost: list[int] = []

    def edit(number: int) -> None:
        gate.wait()
        try:
            receipt = stores[number].set(
                B, "search", {"max_concurrent": 100 + number}, author=f"op{number}", version=7
            )
        except VersionConflict as conflict:
            lost.append(conflict.current_version)
        else:
            won.append(number)
            assert receipt.entry.version == 8

    threads = [threading.Thread(target=edit, args=(n,)) for n in range(len(stores))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(won) == 1 and lost == [8] * 5
    assert {limit_of(store) for store in stores} == {100 + won[0]}
    told = [s.event for s in events.read() if isinstance(s.event, ConfigChanged)]
    assert [event.version for event in told] == list(range(1, 9))
    assert told[-1].author == f"op{won[0]}"


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"max_concurrent": "many"}, "max_concurrent"),
        ({"max_concurrent": -1}, "max_concurrent"),
        ({"max_concurrent": True}, "max_concurrent"),
        ({"wait": float("nan")}, "wait"),
        ({"colour": "red"}, "colour"),
        ({"max_concurrent": 5, "lease": 0}, "lease"),
        ({"strategy": "by mood"}, "strategy"),
        ({}, "values"),
        (None, "values"),
    ],
)
def test_a_bad_change_is_refused_whole(
    store: ConfigStore, events: EventStream, values: Any, field: str
) -> None:
    store.set(B, "search", {"max_concurrent": 3}, author="ada")
    before, told = store.get(B, "search"), events.last_id()
    with pytest.raises(ValidationFailed) as refused:
        store.set(B, "search", values, author="ada")
    assert field in refused.value.errors
    store.sync.refresh()
    assert store.get(B, "search") == before and events.last_id() == told


@pytest.mark.parametrize(
    ("options", "field"),
    [
        ({"author": ""}, "author"),
        ({"author": "a" * 200}, "author"),
        ({"reason": "r" * 501}, "reason"),
        ({"reason": "half a pair \ud800"}, "reason"),
        ({"expires_in": 0}, "expires_in"),
        ({"expires_in": -3}, "expires_in"),
        ({"expires_in": float("inf")}, "expires_in"),
        ({"expires_in": "soon"}, "expires_in"),
    ],
)
def test_who_why_and_until_when_are_checked_too(
    store: ConfigStore, options: dict[str, Any], field: str
) -> None:
    with pytest.raises(ValidationFailed) as refused:
        store.set(B, "search", {"wait": 1}, **{"author": "ada", **options})
    assert field in refused.value.errors
    store.sync.refresh()
    assert store.get(B, "search").version == 0


@pytest.mark.parametrize("name", ["", "a b", "a\nb", "x" * 129, "\ud800", None])
def test_a_name_that_is_none_is_refused(store: ConfigStore, name: Any) -> None:
    with pytest.raises(ValidationFailed, match="name"):
        store.set(B, name, {"wait": 1}, author="ada")


def test_a_name_that_no_entry_of_the_kind_can_have_is_refused(store: ConfigStore) -> None:
    for act in (
        lambda: store.delete(Kind.ALERT_RULE, "1bad", author="ada"),
        lambda: store.rollback(Kind.ALERT_RULE, "1bad", 0, author="ada"),
    ):
        with pytest.raises(ValidationFailed, match="name"):
            act()
    assert list(store.history(Kind.ALERT_RULE, "1bad")) == []
    store.set(B, "search", {"max_concurrent": 3}, author="ada")
    assert limit_of(store) == 3


def test_text_that_no_encoding_can_hold_is_refused(store: ConfigStore) -> None:
    with pytest.raises(ValidationFailed, match="must be text"):
        store.set(Kind.DEGRADATION, "thing", {"alert": "\ud800"}, author="ada")


def test_a_value_that_fits_only_together_with_another_layer_is_refused(store: ConfigStore) -> None:
    breaker = Kind.CIRCUIT_BREAKER
    store.set(breaker, "db", {"recovery_timeout_max": 600}, author="tuner", origin=Origin.TUNER)
    with pytest.raises(ValidationFailed, match="recovery_timeout_max"):
        store.set(breaker, "db", {"recovery_timeout": 300}, author="ada")
    store.set(breaker, "db", {"recovery_timeout": 300, "recovery_timeout_max": 400}, author="ada")


def test_a_field_may_lean_on_one_that_the_same_layer_holds(store: ConfigStore) -> None:
    breaker = Kind.CIRCUIT_BREAKER
    store.set(breaker, "db", {"recovery_timeout_max": 600}, author="ada")
    store.set(breaker, "db", {"recovery_timeout": 300}, author="ada")
    assert store.get(breaker, "db").version == 2


def test_an_operator_wins_over_the_tuner_and_the_tuner_over_code(store: ConfigStore) -> None:
    store.define(B, "search", BulkheadConfig(max_concurrent=7, wait=1))
    store.set(B, "search", {"max_concurrent": 9, "lease": 4}, author="t", origin=Origin.TUNER)
    assert store.get(B, "search").config == BulkheadConfig(max_concurrent=9, lease=4, wait=1)
    store.set(B, "search", {"max_concurrent": 3}, author="ada")
    assert store.get(B, "search").config == BulkheadConfig(max_concurrent=3, lease=4, wait=1)
    store.set(B, "search", {"max_concurrent": 50}, author="t", origin=Origin.TUNER)
    assert limit_of(store) == 3
    assert store.forced_fields(B, "search") == {"max_concurrent"}
    store.delete(B, "search", author="ada")
    assert limit_of(store) == 50


def test_an_override_ends_everywhere_at_its_time(make_store: MakeStore) -> None:
    here, there = make_store(), make_store()
    here.set(B, "search", {"max_concurrent": 3}, author="ada", expires_in=3)
    assert limit_of(there) == 3
    # How long a look may wait is the time until the override ends, not the poll interval.
    wait_until(lambda: there.sync.refresh() < POLL_INTERVAL)
    wait_until(lambda: not there.get(B, "search").layers)
    assert limit_of(there) == limit_of(here) == 20
    assert there.get(B, "search").version == 1


def test_a_machine_whose_clock_is_an_hour_off_agrees_on_the_end(
    make_store: MakeStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    true_time = time.time
    monkeypatch.setattr(time, "time", lambda: true_time() + 3600)
    ahead, other = make_store(), make_store()
    ahead.sync.refresh()
    ahead.set(B, "search", {"max_concurrent": 3}, author="ada", expires_in=60)
    ends = other.sync.refresh() and other.get(B, "search").layers[0].expires_at
    assert ends == pytest.approx(true_time() * 1000 + 60_000, abs=2_000)
    assert limit_of(other) == 3


def test_a_delete_uncovers_the_code_default_and_counts_as_a_version(store: ConfigStore) -> None:
    store.set(B, "search", {"max_concurrent": 3}, author="ada")
    receipt = store.delete(B, "search", author="ada", version=1)
    assert (receipt.entry.version, receipt.entry.config) == (2, BulkheadConfig())
    with pytest.raises(VersionConflict):
        store.set(B, "search", {"wait": 1}, author="bob", version=0)


def test_the_history_says_who_changed_what_when_and_why(store: ConfigStore) -> None:
    store.set(B, "search", {"max_concurrent": 3}, author="ada", reason="busy")
    store.set(B, "search", {"wait": 2}, author="tuner", origin=Origin.TUNER, expires_in=60)
    store.delete(B, "search", author="bob", reason="calm")
    newest_first = [change_to_plain(change) for change in store.history(B, "search")]
    assert [(c["version"], c["action"], c["author"], c["reason"]) for c in newest_first] == [
        (3, "delete", "bob", "calm"),
        (2, "set", "tuner", ""),
        (1, "set", "ada", "busy"),
    ]
    assert newest_first[1]["expires_at"] > newest_first[1]["at"] > 0
    assert [c.version for c in store.history(B, "search", limit=1, before_version=3)] == [2]
    assert store.history(B, "other") == []


def test_a_rollback_brings_the_old_fields_back_as_a_new_version(store: ConfigStore) -> None:
    store.set(B, "search", {"max_concurrent": 3}, author="ada")
    store.set(B, "search", {"wait": 9}, author="tuner", origin=Origin.TUNER)
    store.set(B, "search", {"max_concurrent": 5, "wait": 1}, author="ada")
    receipt = store.rollback(B, "search", 2, author="bob", version=3, reason="too slow")
    assert receipt.entry.version == 4
    assert receipt.entry.config == BulkheadConfig(max_concurrent=3, wait=9)
    assert store.rollback(B, "search", 0, author="bob").entry.config == BulkheadConfig(wait=9)


@pytest.mark.parametrize("version", [-1, 5, "1", True])
def test_a_rollback_to_a_version_that_never_was_is_refused(
    store: ConfigStore, version: Any
) -> None:
    store.set(B, "search", {"max_concurrent": 3}, author="ada")
    with pytest.raises(ValidationFailed, match="to_version"):
        store.rollback(B, "search", version, author="bob")


def test_each_change_is_one_event_written_with_it(store: ConfigStore, events: EventStream) -> None:
    store.set(B, "search", {"max_concurrent": 3}, author="ada", reason="busy")
    store.set(Kind.SWITCH, "signups", {"enabled": True}, author="ada")
    store.delete(B, "search", author="ada")
    assert [stored.event for stored in events.read()] == [
        ConfigChanged(
            kind="bulkhead", name="search", version=1, origin="operator", action="set",
            author="ada", reason="busy",
        ),
        SwitchChanged(name="signups", version=1, enabled=True, author="ada"),
        ConfigChanged(
            kind="bulkhead", name="search", version=2, origin="operator", action="delete",
            author="ada",
        ),
    ]  # fmt: skip


def test_a_second_change_to_the_same_value_is_a_change(store: ConfigStore) -> None:
    for version in (1, 2):
        receipt = store.set(B, "search", {"max_concurrent": 3}, author="ada")
        assert receipt.entry.version == version


def test_entries_are_listed_by_kind_and_name(store: ConfigStore) -> None:
    store.set(B, "b", {"wait": 1}, author="ada")
    store.set(B, "a", {"wait": 1}, author="ada")
    store.set(R, "a", {"limit": 1}, author="ada")
    assert [(e.kind, e.name) for e in store.list()] == [(B, "a"), (B, "b"), (R, "a")]
    assert [e.name for e in store.list(R)] == ["a"]


def test_what_redis_is_left_with_runs_out(store: ConfigStore, redis: RedisConnection) -> None:
    store.set(B, "search", {"max_concurrent": 3}, author="ada")
    keys = list(redis.client.scan_iter(match=f"{redis.keys.prefix}*"))
    assert keys and all(redis.client.pttl(key) > 0 for key in keys)


def test_a_poll_keeps_the_configuration_from_running_out(
    store: ConfigStore, redis: RedisConnection
) -> None:
    store.set(B, "search", {"max_concurrent": 3}, author="ada")
    key = redis.keys.event_stream("config")
    redis.client.pexpire(key, 60_000)
    store.sync.refresh()
    assert redis.client.pttl(key) > 24 * 3600 * 1000


def test_a_stored_value_that_cannot_be_read_changes_nothing(
    make_store: MakeStore, redis: RedisConnection, caplog: pytest.LogCaptureFixture
) -> None:
    here, there = make_store(), make_store()
    here.set(B, "search", {"max_concurrent": 3}, author="ada")
    assert limit_of(there) == 3
    key = redis.keys.event_stream("config")
    redis.client.hset(key, mapping={"bulkhead:search": b"\xff junk", "revision": "1"})
    assert limit_of(there) == 3
    assert there.local.bad_values == 1 and "bulkhead:search" in caplog.text


@pytest.mark.parametrize("journal", [None])
def test_the_first_change_of_a_field_is_audited_with_what_was_in_force(
    make_store: MakeStore,
) -> None:
    told: list[AuditEntry] = []
    store = make_store(audit=told.append)
    store.define(B, "search", BulkheadConfig(max_concurrent=120, wait=1.0))
    store.set(B, "search", {"max_concurrent": 30}, author="ada")
    store.set(B, "search", {"max_concurrent": 40, "wait": 2.0}, author="ada")
    assert [(one.before, one.after) for one in told] == [
        ({"max_concurrent": 120}, {"max_concurrent": 30}),
        ({"max_concurrent": 30, "wait": 1.0}, {"max_concurrent": 40, "wait": 2.0}),
    ]


@pytest.mark.parametrize("journal", [None])
def test_without_a_record_the_audit_is_told_first_and_may_refuse(make_store: MakeStore) -> None:
    told: list[AuditEntry] = []

    def audit(entry: AuditEntry) -> None:
        told.append(entry)
        if entry.by == "mallory":
            raise RuntimeError("the audit log is full")

    store = make_store(audit=audit)
    store.set(B, "search", {"max_concurrent": 3}, author="ada", reason="busy")
    assert told == [
        AuditEntry(
            action="resilience.config.set", subject="bulkhead:search", by="ada",
            reason="busy", before=None, after={"max_concurrent": 3},
        )
    ]  # fmt: skip
    with pytest.raises(RuntimeError):
        store.set(B, "search", {"max_concurrent": 4}, author="mallory")
    assert limit_of(store) == 3
