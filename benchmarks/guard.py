"""The cost of a guarded call: breaker, limiter of three dimensions and bulkhead, in and out.

``python -m benchmarks guard [--rounds N] [--json FILE]`` starts its own server and measures in
turns: an empty ``evalsha`` by redis-py, entry and exit of a guard, and on the same server
Flask-Limiter (three limits, headers) and pybreaker (state in Redis), which together do part of the
work of a guard. The cost of Flask-Limiter is its addition to a request of the same application. It
is measured twice, as ``redis_path`` explains: left to the kernel, and with both sides on one
processor. The guard's own price is processor time of this process: a decorated function in a
request, its headers included, in a loop.
"""

from __future__ import annotations

import argparse
import itertools
import json
import os
import statistics
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import redis
from flask import Flask, g, request
from flask_limiter import Limiter
from pybreaker import CircuitBreaker as PyBreaker
from pybreaker import CircuitRedisStorage
from werkzeug.test import EnvironBuilder

from benchmarks.redis_path import one_processor
from tests.support.redis_servers import Server, start_valkey
from yoto import Yoto
from yoto.events import EventStream
from yoto.redis import RedisConnection, RedisSettings
from yoto.resilience import GuardMode, guarded, noted_limits, rate_limit_headers
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

ROUNDS = 80
CALLS = 60  # in a round, of each contestant, before the next one's turn
NAME = "message.send"
DIMENSIONS = tuple(map(Dimension, ("user", "server", "ip")))
LIMIT = 100_000_000  # nobody may be refused while time is taken

# Times an empty evalsha by redis-py, and times faster than the peers.
MOST_FOR_ENTRY, MOST_FOR_BOTH, LEAST_FASTER = 1.8, 3.0, 3.0

# us of processor time of a decorated call, by mode.
IN_A_LOOP = 1_000
MOST_OF_ITS_OWN = {"leased": 30, "strict": 150}

# A contestant makes one call and yields the seconds of each part that is reported separately.
Contestant = Callable[[], dict[str, float]]


def whole(name: str, call: Callable[[], Any]) -> Contestant:
    """A contestant whose call is reported as a whole."""

    def timed() -> dict[str, float]:
        started = time.perf_counter()
        call()
        return {name: time.perf_counter() - started}

    return timed


def guard_contestant(connection: RedisConnection) -> Contestant:
    """Entry, the numbers for the headers, and exit."""
    runtime = Runtime(connection, EventStream(connection, "bench"))
    breaker = CircuitBreakerConfig()
    limiter = RateLimitConfig(limit=LIMIT, dimensions=DIMENSIONS)
    bulkhead = BulkheadConfig(max_concurrent=100)
    guard = Guard(
        NAME,
        runtime,
        CircuitBreaker(NAME, lambda: breaker, runtime),
        RateLimiter(NAME, lambda: limiter, runtime),
        Bulkhead(NAME, lambda: bulkhead, runtime),
    )
    callers = itertools.cycle([(user, user % 20, f"10.0.0.{user % 250}") for user in range(500)])

    def timed() -> dict[str, float]:
        caller = next(callers)
        started = time.perf_counter()
        permit = guard.enter(MultiDimensionalKey(*caller))
        entered = time.perf_counter()
        numbers = permit.limits
        told = time.perf_counter()
        permit.exit(Outcome.SUCCESS)
        left = time.perf_counter()
        assert numbers is not None and numbers.allowed
        return {
            "guard entry": entered - started,
            "guard numbers for headers": told - entered,
            "guard exit": left - told,
        }

    return timed


def flask_contestants(server: Server) -> Iterator[tuple[str, Contestant]]:
    """The same view with and without Flask-Limiter."""
    for name, limited in (("flask request", False), ("flask request, Flask-Limiter", True)):
        app = Flask("bench")

        def view() -> str:
            return "ok"

        if limited:
            limiter = Limiter(
                lambda: str(g.user), app=app, storage_uri=server.url, headers_enabled=True
            )
            for part in ("user", "server", "ip"):
                view = limiter.limit(
                    f"{LIMIT} per minute", key_func=lambda part=part: f"{part}:{getattr(g, part)}"
                )(view)
        app.add_url_rule("/", view_func=view)
        yield name, whole(name, request_of(app))


def request_of(app: Flask) -> Callable[[], None]:
    """One request through the WSGI interface, without a test client's own cost."""
    callers = itertools.cycle([(user, user % 20, f"10.0.0.{user % 250}") for user in range(500)])

    @app.before_request
    def who() -> None:
        g.user, g.server, g.ip = next(callers)

    environ = EnvironBuilder("/").get_environ()

    def one() -> None:
        statuses: list[str] = []

        def start(status: str, *_: object) -> Any:
            statuses.append(status)

        body = app.wsgi_app(dict(environ), start)
        b"".join(body)
        assert statuses == ["200 OK"]

    return one


def contestants_on(server: Server, connection: RedisConnection) -> dict[str, Contestant]:
    """All of them, warmed up."""
    plain = redis.Redis(port=server.port)
    sha = plain.script_load("return 1")
    storage = CircuitRedisStorage("closed", redis.Redis(port=server.port))
    breaker = PyBreaker(state_storage=storage)
    made = {
        "empty evalsha": whole("empty evalsha", lambda: plain.evalsha(sha, 1, "yoto:{bench}")),
        "guard": guard_contestant(connection),
        "pybreaker": whole("pybreaker", lambda: breaker.call(int)),
        **dict(flask_contestants(server)),
    }
    for contestant in made.values():
        for _ in range(50):
            contestant()
    return made


def own_price(server: Server, rounds: int) -> dict[str, float]:
    """Median microseconds of processor time of a decorated call in a request, by mode."""
    app = Flask("price")
    app.config["REDIS_URL"] = server.url
    Yoto(
        app,
        caller=lambda: 42,
        guards={
            mode: {
                "circuit_breaker": CircuitBreakerConfig(admission=mode),
                "rate_limit": RateLimitConfig(limit=LIMIT, dimensions=DIMENSIONS, mode=mode),
                "bulkhead": BulkheadConfig(max_concurrent=100, mode=mode),
            }
            for mode in GuardMode
        },
    )
    times: dict[str, list[float]] = {}
    for _ in range(max(1, rounds // 8)):
        for mode in GuardMode:
            call = guarded(mode)(lambda: "ok")
            with app.test_request_context("/"):
                environ = request.environ
                started = time.process_time()
                for _ in range(IN_A_LOOP):
                    call()
                    assert rate_limit_headers(noted_limits())
                    environ.popitem()  # the limits: a request has them once
                seconds = time.process_time() - started
            times.setdefault(f"{mode}, processor time", []).append(seconds / IN_A_LOOP * 1e6)
    Yoto.close(app)
    return {mode: round(statistics.median(values), 1) for mode, values in times.items()}


def measure(contestants: dict[str, Contestant], rounds: int) -> dict[str, float]:
    """Median microseconds of each part; the contestants take turns."""
    times: dict[str, list[float]] = {}
    for _ in range(rounds):
        for contestant in contestants.values():
            sums: dict[str, float] = {}
            for _ in range(CALLS):
                for part, seconds in contestant().items():
                    sums[part] = sums.get(part, 0.0) + seconds
            for part, seconds in sums.items():
                times.setdefault(part, []).append(seconds / CALLS * 1e6)
    return {part: round(statistics.median(values), 1) for part, values in times.items()}


def compare(medians: dict[str, float]) -> dict[str, float]:
    """The three ratios that have targets, with their parts."""
    empty = medians["empty evalsha"]
    both = medians["guard entry"] + medians["guard exit"]
    limiter = medians["flask request, Flask-Limiter"] - medians["flask request"]
    peers = limiter + medians["pybreaker"]
    return {
        **medians,
        "Flask-Limiter, added to a request": round(limiter, 1),
        "entry / empty": round(medians["guard entry"] / empty, 2),
        "entry and exit / empty": round(both / empty, 2),
        "times faster than the peers": round(
            peers / (both + medians["guard numbers for headers"]), 2
        ),
    }


def run(pinned: bool, rounds: int) -> dict[str, float]:
    """Measure once, on a server of its own."""
    with one_processor(pinned), start_valkey() as server:
        connection = RedisConnection(RedisSettings(url=server.url, socket_timeout=5.0))
        try:
            medians = compare(measure(contestants_on(server, connection), rounds))
        finally:
            connection.close()
        return {**medians, **own_price(server, rounds)}


def main() -> None:
    """Print the figures; write them as JSON when asked to."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=ROUNDS, help="turns of each contestant")
    parser.add_argument("--json", type=Path, help="also write the figures to this file")
    options = parser.parse_args()
    modes = {"as scheduled": False}
    if hasattr(os, "sched_setaffinity"):
        modes["one processor"] = True
    figures = {mode: run(pinned, options.rounds) for mode, pinned in modes.items()}
    names = list(next(iter(figures.values())))
    print(f"{'':36}" + "".join(f"{mode:>16}" for mode in figures))
    for name in names:
        print(f"{name:36}" + "".join(f"{numbers[name]:16.2f}" for numbers in figures.values()))
    print(
        f"targets: entry {MOST_FOR_ENTRY}, entry and exit {MOST_FOR_BOTH} empty evalsha at most; "
        f"{LEAST_FASTER} times faster than the peers at least; "
        f"processor time {MOST_OF_ITS_OWN['leased']} us leased, {MOST_OF_ITS_OWN['strict']} strict"
    )
    if options.json is not None:
        options.json.write_text(json.dumps(figures, indent=2) + "\n")


if __name__ == "__main__":
    main()
