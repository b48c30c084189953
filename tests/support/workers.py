"""Worker processes for tests: each does what it is told by lines of JSON, and answers so."""

from __future__ import annotations

import json
import os
import signal
import socket
import sys
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tests.support.closing import Closing
from tests.support.waiting import wait_until
from yoto.redis import RedisSettings

if TYPE_CHECKING:
    from tests.support.nursery import Nursery

ROOT = Path(__file__).parents[2]


def obey(worker: object) -> None:
    """In the worker: call the methods of ``worker`` that the test names, until the input ends."""
    for line in sys.stdin:
        name, arguments = json.loads(line)
        print(json.dumps(getattr(worker, name)(*arguments)), flush=True)


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
    """The test's side of one worker, which has called back on ``link``."""

    def __init__(self, link: socket.socket) -> None:
        self._link = link
        self._orders = link.makefile("w", encoding="utf-8")
        self._answers = link.makefile("r", encoding="utf-8")
        self.pid, self.number = map(int, self._answers.readline().split())

    def ended(self) -> bool:
        """Wait for the answer to the oldest command; whether the process ended instead of it."""
        return not self._heard()

    def ask(self, name: str, *arguments: Any) -> None:
        """Send a command and do not wait for the answer."""
        self._orders.write(json.dumps([name, arguments]) + "\n")
        self._orders.flush()

    def answer(self) -> Any:
        """Wait for the answer to the oldest command that was not answered yet."""
        line = self._heard()
        assert line, "the worker ended"
        return json.loads(line)

    def do(self, name: str, *arguments: Any) -> Any:
        """Send a command and wait for its answer."""
        self.ask(name, *arguments)
        return self.answer()

    def kill(self) -> None:
        """SIGKILL."""
        with suppress(ProcessLookupError):
            os.kill(self.pid, signal.SIGKILL)
        wait_until(self._gone, what="the worker to be gone")

    def pause(self) -> None:
        """SIGSTOP; it does nothing more when this returns."""
        os.kill(self.pid, signal.SIGSTOP)
        status = Path(f"/proc/{self.pid}/status")
        if status.exists():
            wait_until(lambda: "State:\tT" in status.read_text())

    def resume(self) -> None:
        """SIGCONT."""
        os.kill(self.pid, signal.SIGCONT)

    def close(self) -> None:
        """End it for good."""
        self.kill()
        # Orders that did not reach it any more are of no interest.
        with suppress(BrokenPipeError, ConnectionResetError):
            self._orders.close()
        self._answers.close()
        self._link.close()

    def _heard(self) -> str:
        try:
            return self._answers.readline()
        except ConnectionResetError:  # killed with commands unread
            return ""

    def _gone(self) -> bool:
        try:
            os.kill(self.pid, 0)
        except ProcessLookupError:
            return True
        return False


class Workers(Closing):
    """Starts workers of one module, which has a class ``Worker``, and ends them."""

    def __init__(self, nursery: Nursery, module: str) -> None:
        self._nursery = nursery
        self._module = module
        self._started: list[WorkerProcess] = []

    def begin(self, given: dict[str, Any]) -> WorkerProcess:
        """One worker, which gets ready while the test goes on."""
        self._started.append(self._nursery.worker(self._module, given))
        return self._started[-1]

    def start(self, count: int, given: dict[str, Any]) -> list[WorkerProcess]:
        """``count`` workers whose method ``ready`` has returned."""
        new = [self.begin(given) for _ in range(count)]
        for worker in new:
            worker.ask("ready")
        for worker in new:
            worker.answer()
        return new

    def close(self) -> None:
        """End all that were started."""
        for worker in self._started:
            worker.close()
