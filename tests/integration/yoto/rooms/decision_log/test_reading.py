"""The decision log by any filters, in pages, within bounds; and trends."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import product
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import Row, func, insert, select
from sqlalchemy.engine import Connection

from yoto.rooms.decision_log import counts, log, reading
from yoto.rooms.decision_log.counts import add_counts, trend
from yoto.rooms.decision_log.log import log_of
from yoto.rooms.decision_log.reading import RecordFilter, page_of_records, records, size_of
from yoto.store.columns import utcnow
from yoto.store.db import db, writing

ROWS, STEP = 400, timedelta(minutes=5)


@pytest.fixture
def app_config(app_config: dict[str, Any]) -> dict[str, Any]:
    return app_config | {"DECISION_RECORDS": True}


@pytest.fixture
def connection(app: Flask) -> Iterator[Connection]:
    with app.app_context(), writing(), db.engine.connect() as found:
        yield found


def rows(number: int, now: datetime) -> list[dict[str, Any]]:
    """Records in the order in which they are stored, which is not quite that of their time."""
    chance = random.Random(7)
    found = []
    for n in range(number):
        allowed = chance.random() < 0.3
        late = timedelta(seconds=chance.random() * 900)
        found.append(
            {
                "at": now - (number - n) * STEP - late,
                "user_id": chance.choice([1, 1, 1, 2, 3]),
                "asked": chance.choice(["message.send", "message.pin"]),
                "scope": chance.choice(["global", "channel:1", "channel:2"]),
                "allowed": allowed,
                "reason": "granted" if allowed else chance.choice(["not_granted", "not_member"]),
                "weight": 100 if allowed else 1,
                "tier": "l1",
                "mask_hash": "",
                "policy_version": chance.choice([None, None, "v1"]),
                "request_id": f"request-{n // 2}",
            }
        )
    return found


@pytest.fixture
def stored(connection: Connection) -> list[Row[Any]]:
    """Records, newest first."""
    made = rows(ROWS, utcnow())
    with connection.begin():
        connection.execute(insert(records), made)
        add_counts(connection, made)
    with connection.begin():
        return list(connection.execute(select(records).order_by(records.c.id.desc())))


def ids_of(connection: Connection, wanted: RecordFilter, **bounds: Any) -> list[int]:
    """All pages, one after another."""
    found: list[int] = []
    after = None
    while True:
        page = page_of_records(connection, wanted, after, 7, **bounds)
        found += [row.id for row in page.items]
        assert len(page.items) <= 7
        if page.next is None:
            return found
        assert after is None or page.next < after
        after = page.next


def combinations(now: datetime) -> Iterator[RecordFilter]:
    times = [(None, None), (now - 200 * STEP, None), (now - 300 * STEP, now - 250 * STEP)]
    columns = (
        (None, 1, 3, 9),
        (None, "message.pin"),
        (None, "channel:2"),
        (None, False),
        (None, "not_member", "granted"),
        (None, "request-77"),
        (None, "v1"),
        times,
    )
    for *values, (since, until) in product(*columns):
        yield RecordFilter(*values, since, until)


def meets(row: Row[Any], wanted: RecordFilter) -> bool:
    named = all(getattr(wanted, name) in (None, getattr(row, name)) for name in reading.INDEXES)
    since, until = wanted.since or row.at, wanted.until or row.at + STEP
    return named and since <= row.at < until


def test_pages_of_any_combination_leave_nothing_out(
    connection: Connection, stored: list[Row[Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reading, "WINDOW", 31)
    wanted = list(combinations(utcnow()))
    for one in random.Random(3).sample(wanted, 80):
        expected = [row.id for row in stored if meets(row, one)]
        assert ids_of(connection, one) == expected, one


def test_a_page_without_time_says_how_far_it_has_looked_and_goes_on_there(
    connection: Connection, stored: list[Row[Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reading, "WINDOW", 20)
    never_together = RecordFilter(allowed=False, reason="granted")
    page = page_of_records(connection, never_together, None, 7, seconds=0.0)
    assert page.items == []
    [seen] = [row for row in stored if row.id == page.next]
    assert page.seen_to == seen.at
    looked = 1
    while page.next is not None:
        page = page_of_records(connection, never_together, page.next, 7, seconds=0.0)
        looked += 1
    assert 3 < looked < ROWS / 20 and page.seen_to is None
    person = RecordFilter(user_id=1, asked="message.pin", since=stored[-1].at)
    assert ids_of(connection, person, seconds=0.0) == ids_of(connection, person)


def test_each_filter_alone_is_found_by_its_index(connection: Connection) -> None:
    explain = "EXPLAIN QUERY PLAN" if connection.dialect.name == "sqlite" else "EXPLAIN"
    values = {"user_id": 1, "allowed": False}
    indexes, below = dict(reading.INDEXES), 9
    if connection.dialect.name == "postgresql":
        # It takes no hint: by its statistics it finds what is rare, which a verdict is not.
        connection.execute(insert(records), rows(5_000, utcnow()))
        connection.exec_driver_sql(f"ANALYZE {records.name}")
        del indexes["allowed"]
        values["user_id"], below = 4, 10**6
    for name, index in indexes.items():
        wanted = replace(RecordFilter(), **{name: values.get(name, "x")})
        window = reading._narrowest(connection, wanted, 0, below)
        statement = reading._inside(wanted, window, 7)
        compiled = statement.compile(connection, compile_kwargs={"literal_binds": True})
        plan = str(connection.exec_driver_sql(f"{explain} {compiled}").all())
        assert index in plan and "filesort" not in plan and "TEMP B-TREE" not in plan, plan


def test_the_size_is_told_without_counting(connection: Connection, stored: list[Row[Any]]) -> None:
    size = size_of(connection)
    assert size.rows == stored[0].id - stored[-1].id + 1
    assert size.oldest == stored[-1].at
    assert (size.bytes is None) is (connection.dialect.name == "sqlite")


def test_trends_count_decisions_by_step_and_by_what_they_have_in_common(
    connection: Connection, stored: list[Row[Any]]
) -> None:
    now = utcnow().timestamp()
    for days, step in ((7, 3600), (30, 86400)):
        found = trend(connection, days, now, 2)
        assert (found.step, found.start % 86400) == (step, 0)
        assert now - days * 86400 - 86400 < found.start <= now - days * 86400
        denied: dict[int, int] = {}
        for row in stored:
            if not row.allowed:
                at = int(row.at.timestamp() - found.start) // step
                denied[at] = denied.get(at, 0) + 1
        assert {n: one for n, one in enumerate(found.denied) if one} == denied
        assert sum(found.allowed) == 100 * sum(row.allowed for row in stored)
        for facet, column in counts.FACETS.items():
            lines = found.lines[facet]
            assert len(lines) == 2
            for line in lines:
                ours = [row for row in stored if getattr(row, column) == line.value]
                assert line.denied == sum(line.steps) == sum(not row.allowed for row in ours)
                assert line.allowed == 100 * sum(row.allowed for row in ours)


def test_the_oldest_records_beyond_the_most_go_in_small_steps(
    app: Flask,
    connection: Connection,
    stored: list[Row[Any]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    connection.rollback()
    monkeypatch.setattr(log, "SWEEP_ROWS", 40)
    found = log_of(app)
    monkeypatch.setattr(found, "_settings", replace(found._settings, rows=ROWS - 100))
    assert found.sweep(3) == (80, False)
    assert found.sweep(4) == (20, True)
    assert found.sweep() == (0, True)
    assert connection.scalar(select(func.count()).select_from(records)) == ROWS - 100
    assert connection.scalar(select(func.min(records.c.id))) == stored[-1].id + 100


def test_old_counts_are_forgotten_and_trends_keep_theirs(
    app: Flask, connection: Connection
) -> None:
    now = utcnow()
    ages = [timedelta(days=days) for days in (0, 7, 10, 12, 30, 40)]
    [made] = rows(1, now)
    with connection.begin():
        add_counts(connection, [made | {"at": now - age, "allowed": False} for age in ages])
    assert log_of(app).sweep() == (0, True)
    kept = select(func.count()).where(counts.counts.c.facet == "reason")
    by_span: Callable[[int], Any] = lambda span: connection.scalar(  # noqa: E731
        kept.where(counts.counts.c.span == span)
    )
    assert (by_span(1), by_span(counts.DAY)) == (2, 5)
