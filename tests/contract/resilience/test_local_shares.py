"""Workers that begin, die and begin again while Redis is away, as processes."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.support.process import ROOT
from tests.support.redis_servers import start_valkey

from .sharer import LIMIT


class Worker:
    """A process that asks when it is told to."""

    def __init__(self, url: str, folder: Path) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.contract.resilience.sharer", url, str(folder)],
            cwd=ROOT,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )

    def ready(self) -> None:
        assert self._line().startswith("ready")

    def ask(self, times: int) -> int:
        assert self._process.stdin is not None
        self._process.stdin.write(f"{times}\n")
        self._process.stdin.flush()
        return int(self._line())

    def kill(self) -> None:
        self._process.kill()
        self._process.communicate()

    def _line(self) -> str:
        assert self._process.stdout is not None
        return self._process.stdout.readline()


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[[str], Worker]]:
    started: list[Worker] = []

    def one(url: str) -> Worker:
        started.append(Worker(url, tmp_path))
        return started[-1]

    yield one
    for worker in started:
        worker.kill()


def test_killed_workers_and_their_successors_have_one_share_together(
    start: Callable[[str], Worker],
) -> None:
    with start_valkey() as server:
        before = [start(server.url) for _ in range(2)]
        for worker in before:
            worker.ready()
        # Each has heard of the other.
        assert [worker.ask(20) for worker in before] == [20, 20]
        server.kill()
        admitted = [worker.ask(200) for worker in before]
        assert admitted == [50, 50]
        before[0].kill()
        newborn = [start(server.url) for _ in range(4)]
        for worker in newborn:
            worker.ready()
        admitted += [worker.ask(200) for worker in newborn]
        before[1].kill()
        newborn[0].kill()
        admitted += [worker.ask(200) for worker in newborn[1:]]
    assert 40 + sum(admitted) <= 2 * LIMIT.limit
