"""Worker processes by the dozen: one process imports everything once, and forks them.

A worker of its own costs more than a second of processor time before it does anything. The nursery
has no connection and no second thread, so that its children may be forked at any time. Each calls
back on a socket and then obeys as a worker of ``tests.support.workers`` does.
"""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Callable
from contextlib import suppress
from types import TracebackType
from typing import Any, Self

from tests.support.redis_servers import HOST, START_LIMIT, wait_until
from tests.support.workers import ROOT, WorkerProcess, obey


def breed(make_worker: Callable[[dict[str, Any]], object]) -> None:
    """In the nursery: fork a worker for each line of options, until the input ends."""
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    for line in sys.stdin:
        port, given = json.loads(line)
        if os.fork() == 0:
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            link = socket.create_connection((HOST, port))
            for descriptor in (0, 1):
                os.dup2(link.fileno(), descriptor)
            sys.stdin = open(0, encoding="utf-8", closefd=False)
            sys.stdout = open(1, "w", encoding="utf-8", closefd=False)
            print(os.getpid(), flush=True)
            obey(make_worker(given))
            os._exit(0)


class _Child:
    """What ``WorkerProcess`` wants of a process."""

    def __init__(self, link: socket.socket) -> None:
        self._link = link
        self.stdin = link.makefile("w", encoding="utf-8")
        self.stdout = link.makefile("r", encoding="utf-8")
        self.pid = int(self.stdout.readline())

    def kill(self) -> None:
        with suppress(ProcessLookupError):
            os.kill(self.pid, signal.SIGKILL)

    def wait(self) -> None:
        wait_until(self._gone)
        self._link.close()

    def _gone(self) -> bool:
        try:
            os.kill(self.pid, 0)
        except ProcessLookupError:
            return True
        return False


class ForkedWorker(WorkerProcess):
    """The test's side of a worker from a nursery."""

    def __init__(self, link: socket.socket) -> None:
        self._process: Any = _Child(link)


class Nursery:
    """The test's side; ``module`` calls ``breed`` when it is run as a program."""

    def __init__(self, module: str) -> None:
        self._listener = socket.create_server((HOST, 0))
        self._listener.settimeout(START_LIMIT)
        self._process = subprocess.Popen(
            [sys.executable, "-m", module], cwd=ROOT, stdin=subprocess.PIPE, text=True
        )

    def worker(self, given: dict[str, Any]) -> ForkedWorker:
        """A new worker with these options; it may have to wait for the nursery's imports."""
        assert self._process.stdin is not None
        port = self._listener.getsockname()[1]
        self._process.stdin.write(json.dumps([port, given]) + "\n")
        self._process.stdin.flush()
        link, _ = self._listener.accept()
        return ForkedWorker(link)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait()
        self._listener.close()
