"""One worker process: a whole application that answers the requests of a part of the trace."""

from __future__ import annotations

import json
import statistics
import sys
import threading
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

from flask import Flask

from app import close_app, create_app, initialize_permission_platform
from app.extensions import cache, optimization, permissions
from benchmarks.warmup.trace import Request, read
from yoto.permission import acting_as, require_permission

THREADS = 4
FIRST_SECONDS = 10.0


class Answer(NamedTuple):
    """A request's time, in seconds; ms until its answer; the answering tier."""

    at: float
    latency: float
    tier: str


@require_permission("channel.read", scope="channel", scope_id="channel_id")
def look(channel_id: int) -> None:
    """The requests of the first part."""


def play(app: Flask, requests: Sequence[Request]) -> None:
    """Answer as fast as possible, so that hot counts and the cache know the requests."""

    def answer(some: Sequence[Request]) -> None:
        for one in some:
            with app.app_context(), acting_as(one.user_id):
                look(channel_id=one.channel_id)

    _in_threads(answer, requests)
    optimization.of(app).hot.flush()


def replay(app: Flask, requests: Sequence[Request]) -> list[Answer]:
    """Answer each request when it comes; a late one stays late, as a person would see it."""
    answers: list[Answer] = []
    offset = requests[0].at
    began = time.monotonic()

    def answer(some: Sequence[Request]) -> None:
        for one in some:
            due = began + one.at - offset
            time.sleep(max(0.0, due - time.monotonic()))
            with app.app_context():
                decision = permissions.decide(
                    one.user_id, "channel.read", "channel", one.channel_id
                )
            latency = (time.monotonic() - due) * 1000
            answers.append(Answer(one.at - offset, latency, decision.tier))

    _in_threads(answer, requests)
    return answers


def _in_threads(work: Any, requests: Sequence[Request]) -> None:
    threads = [
        threading.Thread(target=work, args=(requests[number::THREADS],))
        for number in range(THREADS)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def figures_of(answers: Sequence[Answer]) -> dict[str, float]:
    """Shares of the tiers in percent, and latencies in ms."""
    tiers = Counter(answer.tier for answer in answers)
    latencies = sorted(answer.latency for answer in answers)
    return {
        "requests": len(answers),
        "l1 %": 100 * tiers["l1"] / len(answers),
        "l2 %": 100 * tiers["l2"] / len(answers),
        "db %": 100 * tiers["db"] / len(answers),
        "p50 ms": statistics.median(latencies),
        "p99 ms": latencies[int(len(latencies) * 0.99)],
    }


def run(options: dict[str, Any]) -> dict[str, Any]:
    """Follow the log until the input ends; play requests; or start and replay them."""
    app = create_app(options["config"], options["instance"])
    if options["part"] == "follow":
        permissions.start(app)
        print(cache.of(app).start(10.0), flush=True)
        sys.stdin.read()
        close_app(app)
        return {}
    requests = read(Path(options["trace"]))[options["first"] : options["last"]]
    if options["part"] == "play":
        permissions.start(app)
        cache.of(app).start(10.0)
        play(app, requests)
        close_app(app)
        return {}
    initialize_permission_platform(app)
    with app.app_context():
        report = permissions.warm_up.latest
    cache.of(app).start(10.0)
    answers = replay(app, requests)
    warmed: dict[str, Any] = {}
    if report is not None:
        report.wait(60)
        warmed = report.to_plain()["cache_warmup"]
    close_app(app)
    return {
        "all": figures_of(answers),
        "first": figures_of([answer for answer in answers if answer.at < FIRST_SECONDS]),
        "warm_up": warmed,
    }


if __name__ == "__main__":
    print(json.dumps(run(json.loads(sys.argv[1]))))
