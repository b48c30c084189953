"""Real processes that use guards at the same moment.

``run_crew`` has one process of the nursery fork them, so that twenty workers cost no start. They
begin together, and may be killed in the middle of their work.
"""

from __future__ import annotations

import json
import os
import signal
import threading
import time
import traceback
from collections.abc import Callable
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from tests.contract.resilience.platform import Platform
from tests.support.nursery import Nursery
from tests.support.workers import Workers
from yoto.errors import BulkheadFull, CircuitOpen
from yoto.redis import RedisSettings

Task = Callable[..., Any]
PATIENCE = 5.0  # s


def run_crew(
    nursery: Nursery, settings: RedisSettings, task: str, workers: int, **arguments: Any
) -> list[Any]:
    """The result of each worker's task; ``None`` for a worker that was killed."""
    # Many processes on few cores wait for the processor; none of them is to think Redis lost.
    settings = replace(settings, socket_timeout=PATIENCE, connect_timeout=PATIENCE)
    with Workers(nursery, __name__) as crew:
        leader = crew.begin({**asdict(settings), "embedded_dir": None})
        answers: list[Any] = leader.do("lead", task, workers, arguments)
    return answers


def probe(platform: Platform, number: int, name: str, others: int) -> bool:
    """Call through a breaker once; whether the call ran.

    The call that runs goes on until all others were refused: how fast the workers start is not
    what this is about.
    """
    breaker = platform.breaker(name)
    refused = platform.redis.keys.tagged("test-refused", name)

    def until_all_others_were_refused() -> None:
        deadline = time.monotonic() + PATIENCE
        while int(platform.redis.client.get(refused) or 0) < others:
            if time.monotonic() > deadline:
                return
            time.sleep(0.01)

    try:
        breaker.call(until_all_others_were_refused)
    except CircuitOpen:
        platform.redis.client.incr(refused)
        platform.redis.client.expire(refused, 60)
        return False
    return True


def hit(platform: Platform, number: int, name: str, threads: int, limit: int) -> int:
    """Hit a limiter once from each thread; how many passed."""
    limiter = platform.limiter(name, limit=limit, window=60)
    passed: list[bool] = []
    crowd = [
        threading.Thread(target=lambda: passed.append(limiter.hit("k").allowed))
        for _ in range(threads)
    ]
    for thread in crowd:
        thread.start()
    for thread in crowd:
        thread.join()
    assert len(passed) == threads
    assert limiter.store.store_errors == 0
    return sum(passed)


def occupy(
    platform: Platform,
    number: int,
    name: str,
    cap: int,
    lease: float,
    threads: int,
    tasks: int,
    killed: int,
    log: str,
) -> int:
    """Go in and out of a bulkhead, writing down when; the first ``killed`` workers die inside.

    Returns how often it was inside.
    """
    bulkhead = platform.bulkhead(name, max_concurrent=cap, lease=lease)
    journal = os.open(log, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    done: list[int] = []

    def write(what: str, holder: str) -> None:
        os.write(journal, f"{time.monotonic():.6f} {what} {os.getpid()} {holder}\n".encode())

    def work() -> None:
        for _ in range(tasks // threads):
            while True:
                try:
                    slot = bulkhead.acquire(30)
                    break
                except BulkheadFull:
                    continue
            with slot:
                write("in", slot.id)
                if number < killed and len(done) >= 20:
                    write("killed", "-")
                    os.kill(os.getpid(), signal.SIGKILL)
                time.sleep(0.001)
                write("out", slot.id)
                done.append(1)

    crowd = [threading.Thread(target=work) for _ in range(threads)]
    for thread in crowd:
        thread.start()
    for thread in crowd:
        thread.join()
    assert bulkhead.store.store_errors == 0
    return len(done)


TASKS: dict[str, Task] = {"probe": probe, "hit": hit, "occupy": occupy}


def most_inside(log: Path) -> int:
    """The most holders at one moment, by what they wrote down between entering and leaving."""
    inside: dict[str, str] = {}
    most = 0
    for line in sorted(log.read_text().splitlines(), key=lambda line: float(line.split()[0])):
        _, what, pid, holder = line.split()
        if what == "in":
            inside[holder] = pid
        elif what == "out":
            inside.pop(holder, None)
        else:
            inside = {other: owner for other, owner in inside.items() if owner != pid}
        most = max(most, len(inside))
    return most


def settings_from(plain: dict[str, Any]) -> RedisSettings:
    """The inverse of ``asdict``, after a way through JSON."""
    nodes = tuple((host, port) for host, port in plain["nodes"])
    return RedisSettings(**{**plain, "nodes": nodes})


class Worker:
    """The leader of a crew, in a process of its own."""

    def __init__(self, given: dict[str, Any]) -> None:
        self._settings = settings_from(given)

    def lead(self, task: str, workers: int, arguments: dict[str, Any]) -> list[Any]:
        """Fork ``workers`` that begin together; the result of each."""
        start_read, start_write = os.pipe()
        answers = []
        for number in range(workers):
            read, write = os.pipe()
            if os.fork() == 0:
                os.close(start_write)
                os.close(read)
                _work(self._settings, TASKS[task], number, arguments, start_read, write)
            os.close(write)
            answers.append(read)
        # The end of the file is the starting signal.
        os.close(start_write)
        results = [_read_all(read) for read in answers]
        for _ in answers:
            os.wait()
        return [json.loads(text) if text else None for text in results]


def _work(
    settings: RedisSettings,
    task: Task,
    number: int,
    arguments: dict[str, Any],
    start: int,
    answer: int,
) -> None:
    try:
        platform = Platform(settings, f"worker-{number}")
        os.read(start, 1)
        os.write(answer, json.dumps(task(platform, number, **arguments)).encode())
    except BaseException:
        traceback.print_exc()
        os._exit(1)
    os._exit(0)


def _read_all(read: int) -> str:
    with os.fdopen(read) as pipe:
        return pipe.read()
