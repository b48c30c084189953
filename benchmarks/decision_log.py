"""The decision log with ten million records: its first page by any filter, and its trends.

``python -m benchmarks decision_log [--records N] [--folder PATH] [--json FILE]`` fills SQLite and a
private MariaDB (or one of them: ``--database``) by arithmetic in the database, with indexes and
counts made afterwards. It prints, in
milliseconds, the first and the slowest of ``ROUNDS`` looks at each page and trend, and what storing
a batch takes with and without what the log adds to it. Ten million take about ten minutes and 6 GB.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

from flask import Flask
from sqlalchemy import insert, text
from sqlalchemy.engine import Connection

from app import close_app, create_app
from tests.support.mariadb import start_mariadb
from yoto.rooms.decision_log.counts import add_counts, trend
from yoto.rooms.decision_log.reading import RecordFilter, page_of_records, records, size_of
from yoto.rooms.decision_log.tables import DecisionCount
from yoto.store import migrations
from yoto.store.columns import utcnow
from yoto.store.db import db, writing
from yoto.store.time_limits import TIME_LIMIT

RECORDS = 10_000_000
DATABASES = ("sqlite", "mariadb")
INDEXED_FIRST = ("_at", "_user_id_id")  # without those of the searches, what a batch takes alone
FACETS = {"permission": "asked", "place": "scope", "reason": "reason"}
DAYS, LIMIT, LINES, ROUNDS = 30, 50, 10, 5
PAGE_MS, TREND_MS = 300.0, 500.0
BATCH = 500
AT_ONCE = 500_000
HEAVY = 31  # the person whom every tenth record is about


class Timed(NamedTuple):
    """A query's name, ms of its first run and of the slowest, and its result."""

    name: str
    first: float
    slowest: float
    found: str


def fill(connection: Connection, number: int, now: datetime) -> None:
    """Records of the last ``DAYS``: one person, place and reason for many, others for few."""
    sqlite = connection.dialect.name == "sqlite"

    def joined(first: str, second: str) -> str:
        return f"'{first}' || ({second})" if sqlite else f"CONCAT('{first}', {second})"

    start, step = now - timedelta(days=DAYS), DAYS * 86400 / number
    if sqlite:
        at = f"strftime('%Y-%m-%d %H:%M:%f', {start.timestamp()} + n * {step}, 'unixepoch')||'000'"
        divide = "/"
    else:
        at = f"TIMESTAMPADD(MICROSECOND, n * {step * 1e6:.3f}, '{start:%Y-%m-%d %H:%M:%S}')"
        divide = "DIV"
    mixed = "((n * 48271 + 11) % 2147483647)"
    again = "((n * 69621 + 7) % 2147483647)"
    denied = f"{again} % 100 < 80"
    columns = {
        "at": at,
        "user_id": f"CASE WHEN {mixed} % 10 = 0 THEN {HEAVY} ELSE 100 + {again} % 100000 END",
        "asked": f"CASE WHEN n % 50000 = 7 THEN 'member.ban' WHEN {mixed} % 3 = 0 "
        f"THEN 'message.send' ELSE {joined('act.', f'{again} % 40')} END",
        "scope": f"CASE WHEN {again} % 4 = 0 THEN 'channel:1' ELSE "
        f"{joined('channel:', f'2 + {mixed} % 5000')} END",
        "allowed": f"CASE WHEN {denied} THEN 0 ELSE 1 END",
        "reason": "CASE WHEN n % 100000 = 5 THEN 'timed_out' "
        f"WHEN {denied} THEN CASE {mixed} % 4 WHEN 0 THEN 'not_member' ELSE 'not_granted' END "
        "ELSE 'granted' END",
        "weight": f"CASE WHEN {denied} THEN 1 ELSE 100 END",
        "tier": "'l1'",
        "policy_version": f"CASE WHEN n % 20 = 0 THEN {joined('v', f'n {divide} 1000000')} END",
        "mask_hash": "'0123456789abcdef'",
        "context": "CASE WHEN n % 5 = 0 THEN '{\"hour\": 3}' END",
        "request_id": joined("3f2a7c9e4b8d4f0f9a", f"n {divide} 2"),
        "address": "'192.0.2.0/24'",
    }
    names, values = ", ".join(f"`{name}`" for name in columns), ", ".join(columns.values())
    for first in range(1, number + 1, AT_ONCE):
        last = min(number, first + AT_ONCE - 1)
        numbers = f"(SELECT seq AS n FROM seq_{first}_to_{last}) AS numbers"
        series = ""
        if sqlite:
            series = (
                f"WITH RECURSIVE numbers(n) AS (SELECT {first} UNION ALL "
                f"SELECT n + 1 FROM numbers WHERE n < {last}) "
            )
            numbers = "numbers"
        filled = f"INSERT INTO {records.name} ({names}) {series}SELECT {values} FROM {numbers}"
        connection.exec_driver_sql(filled.replace("%", "%%") if not sqlite else filled)
        connection.commit()


def filters(now: datetime) -> Iterator[tuple[str, RecordFilter]]:
    """Each filter alone, common and rare, and combinations."""
    week, hour = now - timedelta(days=7), timedelta(hours=1)
    yield "none", RecordFilter()
    yield "a person of many", RecordFilter(user_id=HEAVY)
    yield "a person of few", RecordFilter(user_id=4711)
    yield "nobody's", RecordFilter(user_id=7)
    yield "a place of many", RecordFilter(scope="channel:1")
    yield "a place of few", RecordFilter(scope="channel:77")
    yield "a permission of many", RecordFilter(asked="message.send")
    yield "a permission of few", RecordFilter(asked="member.ban")
    yield "denied", RecordFilter(allowed=False)
    yield "allowed", RecordFilter(allowed=True)
    yield "a common reason", RecordFilter(reason="not_granted")
    yield "a rare reason", RecordFilter(reason="timed_out")
    yield "a request", RecordFilter(request_id="3f2a7c9e4b8d4f0f9a4000000")
    yield "a policy version", RecordFilter(policy_version="v3")
    yield "yesterday", RecordFilter(since=now - 24 * hour, until=now - 23 * hour)
    yield "until a week ago", RecordFilter(until=week)
    yield "person, place", RecordFilter(user_id=HEAVY, scope="channel:77")
    yield "person, rare reason", RecordFilter(user_id=HEAVY, reason="timed_out")
    yield "person, permission, denied", RecordFilter(user_id=HEAVY, asked="act.7", allowed=False)
    yield "place, permission, reason, denied", RecordFilter(
        scope="channel:77", asked="message.send", reason="not_member", allowed=False
    )
    yield "common ones that never meet", RecordFilter(reason="granted", allowed=False)
    yield "person, an hour a week ago", RecordFilter(user_id=HEAVY, since=week, until=week + hour)
    yield "rare permission, last hour", RecordFilter(asked="member.ban", since=now - hour)
    yield "all of them", RecordFilter(
        HEAVY, "message.send", "channel:1", False, "not_member", None, "v3", week, now
    )


def measure(connection: Connection, now: datetime) -> Iterator[Timed]:
    """Time all pages and trends."""
    for name, wanted in filters(now):
        yield _timed(name, partial(_page, connection, wanted))
    for days in (7, 30):
        yield _timed(f"trend of {days} days", partial(_trend, connection, days, now))
    yield _timed("size", lambda: f"{size_of(connection).rows:,} rows")


def _page(connection: Connection, wanted: RecordFilter) -> str:
    page = page_of_records(connection, wanted, None, LIMIT)
    if page.next is not None and len(page.items) < LIMIT:
        return f"{len(page.items)}, seen back to {page.seen_to:%d %b %H:%M}"
    return str(len(page.items))


def _trend(connection: Connection, days: int, now: datetime) -> str:
    found = trend(connection, days, now.timestamp(), LINES)
    return f"{sum(found.denied):,} denied, {sum(found.allowed):,} allowed"


def _timed(name: str, look: Callable[[], str]) -> Timed:
    taken, found = [], ""
    for _ in range(ROUNDS):
        started = time.perf_counter()
        found = look()
        taken.append((time.perf_counter() - started) * 1000)
    return Timed(name, taken[0], max(taken), found)


def storing(connection: Connection, now: datetime, counted: bool) -> float:
    """ms to store a batch of records with the indexes that there are, and, ``counted``, counts."""
    rows: list[dict[str, Any]] = [
        {
            "at": now,
            "user_id": 100 + n * 193 % 100_000,
            "asked": f"act.{n % 40}",
            "scope": f"channel:{2 + n * 48271 % 5000}",
            "allowed": False,
            "reason": "not_granted",
            "weight": 1,
            "tier": "l1",
            "mask_hash": "0123456789abcdef",
            "request_id": f"9f2a7c9e4b8d4f0f9a{n}",
            "address": "192.0.2.0/24",
        }
        for n in range(BATCH)
    ]
    taken = []
    for _ in range(ROUNDS):
        started = time.perf_counter()
        with writing(), connection.begin():
            connection.execute(insert(records), rows)
            if counted:
                add_counts(connection, rows)
        taken.append((time.perf_counter() - started) * 1000)
    return statistics.median(taken)


def count(connection: Connection) -> None:
    """Count all records by hour and day, as writers count each batch."""
    sqlite = connection.dialect.name == "sqlite"
    epoch = "CAST(strftime('%s', at) AS INTEGER)"
    hour = f"{epoch} / 3600" if sqlite else "TIMESTAMPDIFF(SECOND, '1970-01-01', at) DIV 3600"
    counts = DecisionCount.__tablename__
    into = f"INSERT INTO {counts} SELECT"
    for facet, column in FACETS.items():
        found = f"'{facet}', 1, {hour}, {column}, allowed, SUM(weight) FROM {records.name}"
        connection.execute(text(f"{into} {found} GROUP BY {hour}, {column}, allowed"))
    found = f"facet, 24, hour - hour % 24, value, allowed, SUM(decisions) FROM {counts}"
    connection.execute(text(f"{into} {found} GROUP BY facet, hour - hour % 24, value, allowed"))


def run(app: Flask, number: int) -> dict[str, Any]:
    """Fill the database of ``app``, and time what is asked of it."""
    now = utcnow().replace(microsecond=0)
    batch: dict[str, float] = {}
    with app.app_context():
        migrations.upgrade()
        unlimited = db.engine.execution_options(**{TIME_LIMIT: None})
        started = time.perf_counter()
        with writing(), unlimited.connect() as connection:
            for index in records.indexes:
                index.drop(connection)
            fill(connection, number, now)
            for index in records.indexes:
                if str(index.name).endswith(INDEXED_FIRST):
                    index.create(connection)
            connection.commit()
        fill_s = time.perf_counter() - started
        with db.engine.connect() as connection:
            batch["before"] = storing(connection, now, False)
        started = time.perf_counter()
        with writing(), unlimited.connect() as connection:
            for index in records.indexes:
                if not str(index.name).endswith(INDEXED_FIRST):
                    index.create(connection)
            count(connection)
            connection.commit()
        index_s = time.perf_counter() - started
        with writing(False), db.engine.connect() as connection:
            looks = list(measure(connection, now))
            size = size_of(connection)
        with db.engine.connect() as connection:
            batch["with the indexes"] = storing(connection, now, False)
            batch["with the counts"] = storing(connection, now, True)
    return {
        "records": number,
        "fill_s": fill_s,
        "index_s": index_s,
        "bytes": size.bytes,
        "looks": [one._asdict() for one in looks],
        "batch_ms": batch,
    }


def shown(database: str, found: dict[str, Any]) -> Iterator[str]:
    """The lines of one database."""
    size = "" if found["bytes"] is None else f", {found['bytes'] / 2**30:.1f} GiB"
    yield f"{database}: {found['records']:,} records{size}; indexed in {found['index_s']:.0f} s"
    yield f"  {'ms':38} {'first':>8} {'slowest':>8}  found"
    for one in found["looks"]:
        yield f"  {one['name']:38} {one['first']:8.1f} {one['slowest']:8.1f}  {one['found']}"
    for name, taken in found["batch_ms"].items():
        yield f"  to store {BATCH} records {name:18} {taken:8.1f}"


def too_slow(found: dict[str, Any]) -> Iterator[str]:
    """The queries that take longer than is promised."""
    for one in found["looks"]:
        if one["slowest"] > (TREND_MS if one["name"].startswith("trend") else PAGE_MS):
            yield one["name"]


def main() -> None:
    """Measure and print. Exit status 1 where a page or a trend takes longer than is promised."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks decision_log")
    parser.add_argument("--records", type=int, default=RECORDS)
    parser.add_argument("--database", choices=(*DATABASES, "all"), default="all")
    parser.add_argument("--folder", type=Path, help="below which the databases are meanwhile")
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    measured: dict[str, Any] = {}
    slow: list[str] = []
    for database in DATABASES if options.database == "all" else (options.database,):
        with ExitStack() as stack:
            folder = stack.enter_context(
                tempfile.TemporaryDirectory(prefix="yoto-log-", dir=options.folder)
            )
            url = f"sqlite:///{folder}/log.db"
            if database == "mariadb":
                server = start_mariadb(Path(folder), "--innodb-buffer-pool-size=1G")
                if server is None:
                    print("mariadb: not installed")
                    continue
                stack.enter_context(server)
                url = server.create_database("log")
            config = {"ENVIRONMENT": "testing", "DATABASE_URL": url}
            app = create_app(config, instance_path=f"{folder}/instance")
            stack.callback(close_app, app)
            found = measured[database] = run(app, options.records)
            print("\n".join(shown(database, found)), flush=True)
            slow += [f"{database}: {name}" for name in too_slow(found)]
    if options.json is not None:
        options.json.write_text(json.dumps(measured, indent=2) + "\n")
    if slow:
        sys.exit(f"slower than promised: {', '.join(slow)}")


if __name__ == "__main__":
    main()
