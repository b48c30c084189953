"""Acts of a store beside those that the tests of its users see."""

from __future__ import annotations

import time

import pytest
from flask import Flask

from tests.integration.yoto.rooms.alerts.conftest import Clock, Platform
from yoto.errors import UnknownResource
from yoto.rooms.alerts.extension import alerts
from yoto.rooms.alerts.tables import AlertStore

DAY = 24 * 3600.0


def test_nothing_is_kept_of_a_transaction_that_raises(store: AlertStore) -> None:
    with pytest.raises(ZeroDivisionError), store.writing() as rows:
        rows.add_silence("load", {}, 60, "ada", "")
        rows.save_board(0, {})
        raise ZeroDivisionError
    with store.reading() as rows:
        assert list(rows.silences(False, 9)) == []
        assert rows.board().version == 0


def test_a_board_is_saved_from_the_version_that_was_read(store: AlertStore, clock: Clock) -> None:
    with store.writing() as rows:
        assert rows.board().evaluated_at == 0
        assert rows.save_board(0, {})
    for version in (0, 2):
        with store.writing() as rows:
            assert not rows.save_board(version, {})
    with store.reading() as rows:
        assert (rows.board().version, rows.board().evaluated_at) == (1, clock.now)


def test_what_has_been_over_for_long_is_deleted_and_what_holds_is_not(
    platform: Platform, clock: Clock
) -> None:
    for load in (15, 5, 5, 15):
        platform.see(load)
    platform.state.service.silence("load", seconds=60, by="ada")
    holds, over = platform.state.service.list().items
    clock.now += 31 * DAY
    for days, expected in ((40, False), (30, True)):
        with platform.store.writing() as rows:
            assert bool(rows.prune(days, 100)) is expected
    assert [one.id for one in platform.state.service.list().items] == [holds.id]
    assert len(platform.state.service.history(holds.id)) == 1
    assert list(platform.state.service.silences(only_active=False)) == []
    with platform.store.writing() as rows:
        assert rows.prune(30, 100) == 0


def test_deleting_goes_in_bounded_steps(platform: Platform, clock: Clock) -> None:
    for load in (15, 25, 5, 5):
        platform.see(load)
    clock.now += 31 * DAY
    gone = []
    for _ in range(5):
        with platform.store.writing() as rows:
            gone.append(rows.prune(30, 2))
    # Two of three entries, then the last one with its alert.
    assert gone == [2, 2, 0, 0, 0]


def test_what_is_untold_is_not_deleted(platform: Platform, clock: Clock) -> None:
    for load in (15, 5, 5):
        platform.see(load)
    with platform.store.writing() as rows:
        (alert,) = platform.state.service.list().items
        rows.record(rows.history(alert.id, 1)[0].event, alert.id)
    clock.now += 31 * DAY
    for _ in range(2):
        with platform.store.writing() as rows:
            rows.prune(30, 100)
    with platform.store.reading() as rows:
        assert len(rows.unpublished(9)) == 1
        assert rows.alert(alert.id) is not None


def test_lists_go_on_behind_what_was_seen(platform: Platform) -> None:
    """Histories of an alert and of a rule, messages, silences: nothing is out of reach."""
    desk, rules, webhooks = platform.state.service, platform.state.rules, platform.state.webhooks
    platform.see(15)
    (alert,) = desk.list().items
    hook = webhooks.add("pager", "https://example.com/", by="ada").webhook
    for n in range(3):
        desk.acknowledge(alert.id, by="ada")
        desk.silence("load", seconds=60, by="ada")
        rules.set("load", {"warning": 11 + n}, by="ada")
        with platform.store.writing() as rows:
            rows.add_delivery(hook.id, "alert.raised", "{}")
    desk.unsilence(desk.silences()[1].id, by="ada")
    for read in (
        lambda after, limit: desk.history(alert.id, after, limit),
        lambda after, limit: webhooks.deliveries(hook.id, after, limit),
        lambda after, limit: desk.silences(False, after, limit),
        lambda after, limit: desk.silences(True, after, limit),
    ):
        whole = [one.id for one in read(None, 100)]
        assert len(whole) >= 2 and whole == sorted(whole, reverse=True)
        assert [one.id for one in read(whole[0], 1)] == whole[1:2]
        assert [one.id for one in read(whole[0], 100)] == whole[1:]
        assert list(read(whole[-1], 100)) == []
    assert [one.version for one in rules.history("load", 3, 1)] == [2]
    assert list(rules.history("load", 1)) == []


def test_an_account_that_is_not_there_does_nothing(app: Flask) -> None:
    desk = alerts.of(app).service
    with pytest.raises(UnknownResource) as refused:
        desk.silence("*", seconds=60, by="user:42")
    assert set(refused.value.errors) == {"by"}
    assert list(desk.silences(only_active=False)) == []


def test_the_time_is_the_database_s(app: Flask) -> None:
    with AlertStore(app).reading() as rows:
        # The server's clock is this machine's here.
        assert abs(rows.now - time.time()) < 60
        assert rows.now == rows.now
