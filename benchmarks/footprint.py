"""The size of a person, a row and a key: bytes in MariaDB, in Valkey and in a worker's memory.

``python -m benchmarks footprint [--rows N] [--people N] [--rest S] [--json FILE]`` fills a MariaDB
by arithmetic, with the indexes that an installation has, and reads the sizes of tables from its
statistics after OPTIMIZE; asks about people in one server each, and reads the sizes of their keys
by ``MEMORY USAGE``; and traces the memory that a worker needs for them. ``tools/capacity.py``
computes with the result. Last, it leaves somebody else's application with guards and permissions,
and no rooms, alone for ``--rest`` seconds, and prints its memory, its share of a core, and the
threads that woke.
"""

from __future__ import annotations

import argparse
import itertools
import json
import subprocess
import sys
import tempfile
import time
import tracemalloc
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from flask import Flask
from flask_migrate import upgrade

from app import close_app, create_app
from app.extensions import permissions, redis_store
from app.models import Channel, Server, User
from benchmarks.idle.processes import look_at, processor_seconds, threads_of
from tests.support.mariadb import start_mariadb
from tests.support.redis_servers import start_valkey
from yoto.events import EventStream
from yoto.redis import RedisConnection
from yoto.resilience.breaker import CircuitBreaker
from yoto.resilience.bulkhead import Bulkhead
from yoto.resilience.guard import Guard
from yoto.resilience.limiter import RateLimiter
from yoto.resilience.outcome import Outcome
from yoto.resilience.runtime import Runtime
from yoto.resilience.settings import (
    BulkheadConfig,
    CircuitBreakerConfig,
    Dimension,
    MultiDimensionalKey,
    RateLimitConfig,
)
from yoto.rooms.prefetch.recording.batch import VisitBatch
from yoto.rooms.prefetch.recording.log import BehaviourHistory
from yoto.rooms.prefetch.recording.recorder import Visit
from yoto.rooms.prefetch.settings import PrefetchSettings
from yoto.rooms.prefetch.steps import Step
from yoto.store.db import db
from yoto.store.models import EVERYONE, Role
from yoto.store.time_limits import TIME_LIMIT

ROWS, PEOPLE, GUARDED = 100_000, 5_000, 10_000
# s: for which a guest is watched, and before that until its start is over.
REST, SETTLE = 30.0, 5.0
HASH = "$argon2id$v=19$m=65536,t=3,p=4$" + "c" * 22 + "$" + "h" * 43
# Each row as the application writes it; n counts from 1.
FILLED = {
    "users": "(id, username, display_name, password_hash, created_at) SELECT n, "
    f"CONCAT('person', n), CONCAT('Person ', n), '{HASH}', NOW(6)",
    "members": "(server_id, user_id, joined_at) SELECT {server}, n, NOW(6)",
    "yoto_role_assignments": "(user_id, subject, role_id, node, created_at) "
    "SELECT n, CONCAT('user:', n), {role}, '', NOW(6)",
    "messages": "(channel_id, author_id, content, created_at) SELECT {channel}, n, "
    "REPEAT('words and ', 8), NOW(6)",
    "yoto_audit_records": "(at, actor_id, action, subject, server_id, `before`, `after`, reason, "
    "request_id, address) SELECT NOW(6), n, 'role.assign', CONCAT('user:', n), {server}, NULL, "
    "'{{\"role_id\": 4711, \"valid_until\": null}}', 'a new colleague', "
    "MD5(n), '192.0.2.0/24'",
    "yoto_decision_records": "(at, user_id, asked, scope, allowed, reason, weight, tier, "
    "policy_version, mask_hash, request_id, address) SELECT NOW(6), n, 'message.send', "
    "CONCAT('channel:', n MOD 5000), 0, 'not_granted', 1, 'l1', 'v1', '0123456789abcdef', "
    "MD5(n), '192.0.2.0/24'",
}


@contextmanager
def application(mariadb: str, redis: str) -> Iterator[Flask]:
    """A migrated application with room in memory for all people who are asked about."""
    with tempfile.TemporaryDirectory(prefix="yoto-bench-") as folder:
        config = {
            "ENVIRONMENT": "testing",
            "DATABASE_URL": mariadb,
            "REDIS_URL": redis,
            "CACHE_USERS_SIZE": 4 * PEOPLE,
        }
        app = create_app(config, instance_path=folder)
        with app.app_context():
            upgrade()
            permissions.sync_catalogue()
            yield app
            db.session.remove()
        close_app(app)


def fill(rows: int) -> int:
    """So many rows of each table; the id of the server that all belong to."""
    owner = User(username="owner", display_name="Owner", password_hash="!")
    db.session.add(owner)
    db.session.flush()
    server = Server(name="Bench", owner_id=owner.id)
    db.session.add(server)
    db.session.flush()
    home = f"server:{server.id}"
    role = Role(home=home, name="writer")
    everyone = Role(home=home, name=EVERYONE, is_default=True, position=0)
    channel = Channel(server_id=server.id, name="all")
    db.session.add_all([role, everyone, channel])
    db.session.commit()
    with db.engine.connect() as connection:
        connection = connection.execution_options(**{TIME_LIMIT: None})
        for table, values in FILLED.items():
            select = values.format(server=server.id, role=role.id, channel=channel.id)
            first = 2 if table == "users" else 1
            numbers = f"(SELECT seq AS n FROM seq_{first}_to_{rows}) AS numbers"
            connection.exec_driver_sql(f"INSERT INTO {table} {select} FROM {numbers}")
            connection.commit()
    return server.id


def bytes_a_row(rows: int) -> dict[str, float]:
    """Bytes of a row of each table, its indexes included."""
    found = {}
    with db.engine.connect() as connection:
        connection = connection.execution_options(**{TIME_LIMIT: None})
        for table in FILLED:
            connection.exec_driver_sql(f"OPTIMIZE TABLE {table}").all()
            size = connection.exec_driver_sql(
                "SELECT data_length + index_length FROM information_schema.tables "
                f"WHERE table_schema = DATABASE() AND table_name = '{table}'"
            ).scalar()
            found[table] = float(size or 0) / rows
    return found


def bytes_of_people(server_id: int, people: range) -> dict[str, float]:
    """Bytes of one person with one server, in Redis and in the memory of a worker."""
    tracemalloc.start()
    before = tracemalloc.get_traced_memory()[0]
    ask(server_id, people)
    held = tracemalloc.get_traced_memory()[0] - before
    tracemalloc.stop()
    client, keys = redis_store.current.client, redis_store.current.keys
    sizes = [client.memory_usage(keys.user_permissions(user_id)) or 0 for user_id in people]
    return {"person in memory": held / len(people), "person in Valkey": sum(sizes) / len(people)}


def ask(server_id: int, people: range) -> None:
    """Check whether each of them may write, one after the other, as requests do."""
    for user_id in people:
        permissions.check_permission(user_id, "message.send", "server", server_id)


def bytes_of_keys(connection: RedisConnection) -> dict[str, float]:
    """Bytes of a person's other keys in Redis: the use of a limit, and recent actions."""
    call = guarded(connection)
    call()
    limits = list(connection.client.scan_iter(f"{connection.keys.prefix}{{rl:*"))
    settings = PrefetchSettings()
    visits = [
        Visit(42, Step("message.send", "channel", 100_000 + n), time.monotonic())
        for n in range(settings.history)
    ]
    history = BehaviourHistory(connection, settings)
    history.keep(VisitBatch.of("web-1-4711-9f2c11ab", 1234, visits), time.monotonic())
    size = connection.client.memory_usage
    return {
        "use of a limit": sum(map(size, limits)) / len(limits),
        "what a person did": float(size(connection.keys.behaviour_history(42))),
    }


def guarded(connection: RedisConnection) -> Callable[[], None]:
    """A call of a breaker, a limiter of one dimension and a bulkhead, by 500 people in turn."""
    runtime = Runtime(connection, EventStream(connection, "bench"))
    name, configs = "bench", (
        CircuitBreakerConfig(),
        RateLimitConfig(limit=100, dimensions=(Dimension("user"),)),
        BulkheadConfig(),
    )
    guard = Guard(
        name,
        runtime,
        CircuitBreaker(name, lambda: configs[0], runtime),
        RateLimiter(name, lambda: configs[1], runtime),
        Bulkhead(name, lambda: configs[2], runtime),
    )
    people = itertools.cycle(range(500))

    def call() -> None:
        guard.enter(MultiDimensionalKey(next(people), 1, "192.0.2.1")).exit(Outcome.SUCCESS)

    return call


def processor_times(
    app: Flask, server_id: int, people: range, database: int, redis: int
) -> dict[str, float]:
    """Microseconds of the servers' processors for a person's load, a guarded call, and a read."""
    started = processor_seconds(database)
    ask(server_id, people)
    loads = (processor_seconds(database) - started) / len(people)
    call = guarded(redis_store.current)
    started = processor_seconds(redis)
    for _ in range(GUARDED):
        call()
    guards = (processor_seconds(redis) - started) / GUARDED
    client, key = redis_store.current.client, redis_store.current.keys.user_permissions(people[0])
    place = client.hkeys(key)[0]
    started = processor_seconds(redis)
    for _ in range(GUARDED):
        client.hget(key, place)
    return {
        "load, MariaDB's us": loads * 1e6,
        "guarded call, Valkey's us": guards * 1e6,
        "read, Valkey's us": (processor_seconds(redis) - started) / GUARDED * 1e6,
    }


def at_rest(mariadb: str, redis: str, seconds: float) -> dict[str, float]:
    """The memory of ``benchmarks.idle.guest``, and its share of a core while nobody asks it.

    Prints what its threads cost.
    """
    with tempfile.TemporaryDirectory(prefix="yoto-guest-") as folder:
        command = [sys.executable, "-m", "benchmarks.idle.guest", mariadb, redis, folder]
        subprocess.run([*command, "setup"], check=True, stdout=subprocess.DEVNULL)
        with subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        ) as guest:
            assert guest.stdin is not None and guest.stdout is not None
            if guest.stdout.readline() != "200\n":
                sys.exit("the application that was to rest did not answer")
            time.sleep(SETTLE)
            began, before, threads = time.monotonic(), look_at(guest.pid), threads_of(guest.pid)
            time.sleep(seconds)
            took, after, ended = time.monotonic() - began, look_at(guest.pid), threads_of(guest.pid)
            guest.stdin.write("\n")
            guest.stdin.flush()
            names = json.loads(guest.stdout.readline())
            guest.stdin.close()
    print(f"{'thread at rest':<28}{'wakes/s':>10}{'core, %':>10}")
    for one, now in sorted(ended.items(), key=lambda pair: -pair[1].wakes):
        if one in threads and str(one) in names:
            wakes, used = now.wakes - threads[one].wakes, now.processor_s - threads[one].processor_s
            print(f"{names[str(one)]:<28}{wakes / took:>10.2f}{100 * used / took:>10.3f}")
    return {
        "guest at rest, MB": after.rss_mb,
        "guest at rest, % of a core": 100 * (after.processor_s - before.processor_s) / took,
    }


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--rows", type=int, default=ROWS)
    parser.add_argument("--people", type=int, default=PEOPLE)
    parser.add_argument("--rest", type=float, default=REST, help="s for which a guest is watched")
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    server = start_mariadb(None, "--innodb-flush-log-at-trx-commit=0")
    if server is None:
        sys.exit("MariaDB is not installed")
    with server, start_valkey() as valkey:
        url = server.create_database("footprint")
        with application(url, valkey.url) as app:
            server_id = fill(options.rows)
            found: dict[str, Any] = bytes_a_row(options.rows)
            ask(server_id, range(1, 100))  # fills shared memory, and objects that are made once
            traced = range(100, 100 + options.people)
            found |= bytes_of_people(server_id, traced)
            others = range(traced.stop, traced.stop + options.people)
            found |= processor_times(app, server_id, others, server.pid, valkey.pid)
            found |= bytes_of_keys(redis_store.current)
        found |= at_rest(server.create_database("guest"), valkey.url, options.rest)
    print(f"bytes unless it says otherwise, of {options.rows:,} rows and {options.people:,} people")
    for name, size in found.items():
        print(f"{name:<28}{size:>10,.{2 if size < 10 else 0}f}")
    if options.json:
        options.json.write_text(json.dumps(found))


if __name__ == "__main__":
    main()
