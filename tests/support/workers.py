"""Worker processes for tests: each does what it is told by lines of JSON, and answers so."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from app.core.redis import RedisSettings

ROOT = Path(__file__).parents[2]


def obey(worker: object) -> None:
    """In the worker: call the methods of ``worker`` that the test names, until the input ends."""
    for line in sys.stdin:
        name, arguments = json.loads(line)
        print(json.dumps(getattr(worker, name)(*arguments)), flush=True)


def options() -> Any:
    """In the worker: what the test gave at the start."""
    return json.loads(sys.argv[1])


def as_options(reach: RedisSettings) -> dict[str, Any]:
    """How to reach Redis, as options."""
    return {
        "url": reach.url,
        "nodes": reach.nodes,
        "prefix": reach.key_prefix,
        "timeout": reach.socket_timeout,
    }


def from_options(given: dict[str, Any]) -> RedisSettings:
    """The inverse of ``as_options``."""
    nodes = tuple((host, port) for host, port in given["nodes"])
    return RedisSettings(
        url=given["url"],
        nodes=nodes,
        key_prefix=given["prefix"],
        socket_timeout=given["timeout"],
        connect_timeout=given["timeout"],
    )


class WorkerProcess:
    """The test's side of one worker."""

    def __init__(self, module: str, given: dict[str, Any]) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", module, json.dumps(given)],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    @property
    def pid(self) -> int:
        """Its process id."""
        return self._process.pid

    def ended(self) -> bool:
        """Wait for the answer to the oldest command; whether the process ended instead of it."""
        assert self._process.stdout is not None
        return not self._process.stdout.readline()

    def ask(self, name: str, *arguments: Any) -> None:
        """Send a command and do not wait for the answer."""
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps([name, arguments]) + "\n")
        self._process.stdin.flush()

    def answer(self) -> Any:
        """Wait for the answer to the oldest command that was not answered yet."""
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        assert line, "the worker ended"
        return json.loads(line)

    def do(self, name: str, *arguments: Any) -> Any:
        """Send a command and wait for its answer."""
        self.ask(name, *arguments)
        return self.answer()

    def kill(self) -> None:
        """SIGKILL."""
        self._process.kill()
        self._process.wait()

    def pause(self) -> None:
        """SIGSTOP."""
        os.kill(self._process.pid, signal.SIGSTOP)

    def resume(self) -> None:
        """SIGCONT."""
        os.kill(self._process.pid, signal.SIGCONT)

    def close(self) -> None:
        """End it for good."""
        self.kill()
        for pipe in (self._process.stdin, self._process.stdout):
            assert pipe is not None
            pipe.close()


class Workers:
    """Starts workers of one module, and ends them."""

    def __init__(self, module: str) -> None:
        self._module = module
        self._started: list[WorkerProcess] = []

    def start(self, count: int, given: dict[str, Any]) -> list[WorkerProcess]:
        """``count`` workers whose method ``ready`` has returned."""
        new = [WorkerProcess(self._module, given) for _ in range(count)]
        self._started += new
        for worker in new:
            worker.ask("ready")
        for worker in new:
            worker.answer()
        return new

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for worker in self._started:
            worker.close()
