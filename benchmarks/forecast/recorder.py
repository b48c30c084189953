"""Runs the platform under a load, and reads the effect from its monitor.

The platform is ``run.py`` with its own Redis and database, the load comes over HTTP, and the series
are those of its monitor second by second, in the same way as minutes. A recording of minutes would
take days, so here a second stands for a minute; the forecaster works the same for steps of any
length.
"""

from __future__ import annotations

import http.client
import json
import queue
import random
import secrets
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from flask import Flask
from flask_migrate import upgrade

from app import close_app, create_app
from app.extensions import monitor, permissions
from benchmarks.forecast.load import planted, schedule
from tests.support.process import RunningYoto
from tests.support.redis_servers import start_valkey
from tests.support.world import World
from yoto.monitor.history import FINE
from yoto.monitor.summary import summarise
from yoto.rooms.forecast.forecaster import METRICS

SEED = 7
PEOPLE = 60
THREADS = 6
# s. Deliveries fall into the second in which they come: ten of them cut its ends finely.
INTERVAL = 0.1
# s between two looks at the monitor, which keeps seconds for ten minutes.
LOOK = 60
# Digits that are kept of a value.
DIGITS = 6


@dataclass(frozen=True, slots=True)
class Place:
    """The callers and their place.

    Attributes:
        tokens: the members' tokens, by their ids.
        channel_id: the channel that they look at.
        role_id, owner: the role that the owner gives and takes.
    """

    tokens: dict[int, str]
    channel_id: int
    role_id: int
    owner: str


def record(file: Path, seconds: int) -> None:
    """Run for so many seconds and write the measurements."""
    with tempfile.TemporaryDirectory(prefix="yoto-forecast-") as folder, start_valkey() as redis:
        config: dict[str, Any] = {
            "SECRET_KEY": secrets.token_urlsafe(32),
            "DATABASE_URL": f"sqlite:///{folder}/run.db",
            "REDIS_URL": redis.url,
            "MONITOR_INTERVAL": INTERVAL,
            "ACCESS_TOKEN_SECONDS": 86_400,
            "LOG_REQUEST_SAMPLE": 0.0,
        }
        with _reader(config | {"ENVIRONMENT": "testing", "MONITOR": False}, Path(folder)) as app:
            place = _settle(app)
            server = RunningYoto(
                Path(folder) / "served",
                new=False,
                YOTO_SEED_DEMO="0",
                **{f"YOTO_{key}": str(value) for key, value in config.items()},
            )
            try:
                series = _play(app, server.url, place, seconds)
            finally:
                server.stop()
    file.write_text(_written(series, seconds))


@contextmanager
def _reader(config: dict[str, Any], folder: Path) -> Iterator[Flask]:
    """An application that only reads the recordings of the other one."""
    app = create_app(config, str(folder / "reader"))
    try:
        with app.app_context():
            upgrade()
            permissions.sync_catalogue()
        yield app
    finally:
        close_app(app)


def _settle(app: Flask) -> Place:
    world = World(app)
    community = world.server()
    members = [world.member(community) for _ in range(PEOPLE)]
    return Place(
        {one.id: one.token for one in members},
        community.channel_id,
        world.role(community, "message.pin"),
        community.owner.token,
    )


def _play(app: Flask, url: str, place: Place, seconds: int) -> dict[int, dict[str, float]]:
    """Play the load, second by second; the monitor's values of each, by its epoch second."""
    chance = random.Random(SEED)
    jobs: queue.Queue[_Job | None] = queue.Queue()
    failed: list[str] = []
    threads = [
        threading.Thread(target=_send, args=(urlsplit(url).netloc, jobs, failed), daemon=True)
        for _ in range(THREADS)
    ]
    for thread in threads:
        thread.start()
    holders: set[int] = set()
    found: dict[int, dict[str, float]] = {}
    monitoring = monitor.of(app)
    # The first seconds of a process show its start.
    began = int(monitoring.now()) + 2
    offset = monitoring.now() - time.monotonic()
    for step, second in enumerate(schedule(seconds, SEED)):
        acts = [_look(place, chance) for _ in range(second.requests)]
        acts += [_change(place, holders, chance) for _ in range(second.changes)]
        chance.shuffle(acts)
        for number, act in enumerate(acts):
            due = began + step + number / len(acts) - offset
            time.sleep(max(0.0, due - time.monotonic()))
            jobs.put(act)
        if step % LOOK == LOOK - 1:
            found |= _read(app, began, began + step - 1)
    time.sleep(2.0)
    for _ in threads:
        jobs.put(None)
    for thread in threads:
        thread.join()
    if failed:
        raise SystemExit(f"{len(failed)} requests failed, such as {failed[0]}")
    found |= _read(app, began, began + seconds)
    return {at - began: values for at, values in sorted(found.items())}


@dataclass(frozen=True, slots=True)
class _Job:
    method: str
    path: str
    token: str
    body: str | None = None


def _look(place: Place, chance: random.Random) -> _Job:
    token = chance.choice(list(place.tokens.values()))
    return _Job("GET", f"/api/v1/channels/{place.channel_id}/messages", token)


def _change(place: Place, holders: set[int], chance: random.Random) -> _Job:
    """Give a person a role, or take it away again."""
    person = chance.choice(list(place.tokens))
    path = f"/api/v1/roles/{place.role_id}/members/{person}"
    if person in holders:
        holders.remove(person)
        return _Job("DELETE", path, place.owner)
    holders.add(person)
    return _Job("PUT", path, place.owner, "{}")


def _send(netloc: str, jobs: queue.Queue[_Job | None], failed: list[str]) -> None:
    connection = http.client.HTTPConnection(netloc, timeout=20)
    while (job := jobs.get()) is not None:
        headers = {"Authorization": f"Bearer {job.token}", "Content-Type": "application/json"}
        try:
            connection.request(job.method, job.path, job.body, headers)
            answer = connection.getresponse()
            said = answer.read()
        except (OSError, http.client.HTTPException) as error:
            connection.close()
            failed.append(f"{job.method} {job.path}: {error!r}")
            continue
        # Two changes of one person may meet, and come in the other order.
        if answer.status >= 400 and answer.status not in (404, 409):
            failed.append(f"{job.method} {job.path}: {answer.status} {said[:200]!r}")
    connection.close()


def _read(app: Flask, since: int, until: int) -> dict[int, dict[str, float]]:
    reading = monitor.of(app).read(FINE, since, until)
    if not reading.complete:
        raise SystemExit("the monitor's store was away: that is no recording")
    found = {}
    for point in reading.points:
        summary = summarise(point)
        values = {name: metric.read(summary) for name, metric in METRICS.items()}
        found[point.at] = {name: one for name, one in values.items() if one is not None}
    return found


def _written(found: dict[int, dict[str, float]], seconds: int) -> str:
    series = {
        name: [
            float(f"{found[step][name]:.{DIGITS}g}") if name in found.get(step, {}) else None
            for step in range(seconds)
        ]
        for name in METRICS
    }
    about = {
        "how": "python -m benchmarks forecast --record FILE --seconds N",
        "seconds": seconds,
        "step": "one second of the monitor's finest series stands for a minute",
        "planted": [asdict(one) for one in planted(seconds)],
        "series": series,
    }
    return json.dumps(about, separators=(",", ":")) + "\n"
