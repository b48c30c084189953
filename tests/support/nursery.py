"""Worker processes by the dozen: one process imports the application once, and forks them.

A worker of its own costs more than a second of processor time before it does anything. The nursery
has no connection and no second thread, so that its children may be forked at any time. Each calls
back on a socket and then obeys as a worker of ``tests.support.workers`` does.
"""

from __future__ import annotations

import importlib
import itertools
import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import pytest

from tests.support.closing import Closing
from tests.support.waiting import HOST, WAIT_LIMIT
from tests.support.workers import ROOT, WorkerProcess, obey


def breed() -> None:
    """In the nursery: fork a worker for each line of options, until the input ends."""
    importlib.import_module("app")
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    for line in sys.stdin:
        port, number, module, given = json.loads(line)
        if os.fork() == 0:
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            link = socket.create_connection((HOST, port))
            for descriptor in (0, 1):
                os.dup2(link.fileno(), descriptor)
            sys.stdin = open(0, encoding="utf-8", closefd=False)
            sys.stdout = open(1, "w", encoding="utf-8", closefd=False)
            print(os.getpid(), number, flush=True)
            obey(importlib.import_module(module).Worker(given))
            os._exit(0)


class Nursery(Closing):
    """The test's side."""

    def __init__(self) -> None:
        self._listener = socket.create_server((HOST, 0))
        self._listener.settimeout(WAIT_LIMIT)
        self._numbers = itertools.count()
        self._process = subprocess.Popen(
            [sys.executable, "-m", __name__], cwd=ROOT, stdin=subprocess.PIPE, text=True
        )

    def worker(self, module: str, given: dict[str, Any]) -> WorkerProcess:
        """A new ``Worker`` of a module; it may have to wait for the nursery's imports."""
        assert self._process.stdin is not None
        port, number = self._listener.getsockname()[1], next(self._numbers)
        self._process.stdin.write(json.dumps([port, number, module, given]) + "\n")
        self._process.stdin.flush()
        while True:
            link, _ = self._listener.accept()
            called = WorkerProcess(link)
            if called.number == number:
                return called
            called.close()  # one of a test that had given up waiting for it

    def close(self) -> None:
        """End the process that forks."""
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait()
        self._listener.close()


@pytest.fixture(scope="session")
def nursery() -> Iterator[Nursery]:
    """Forks the worker processes of the whole session."""
    with Nursery() as started:
        yield started


if __name__ == "__main__":
    breed()
