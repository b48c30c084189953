"""Yoto as others have it: a built wheel, in a virtual environment and a folder of their own."""

from __future__ import annotations

import fcntl
import os
import re
import signal
import subprocess
import sys
import threading
import venv
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import urllib3

from tests.support.waiting import WAIT_LIMIT, wait_until

ROOT = Path(__file__).parents[2]
START_SECONDS = 60.0
PIP = [sys.executable, "-m", "pip", "--disable-pip-version-check", "--quiet"]


@contextmanager
def made_once(folder: Path) -> Iterator[bool]:
    """Whether the block has to fill ``folder``; only one of the processes that ask at once does."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    done = folder.with_suffix(".done")
    with open(folder.with_suffix(".lock"), "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield not done.exists()
        done.touch()


def build_wheel(folder: Path) -> Path:
    """The wheel of this tree, built in ``folder`` by the backend that the tests have."""
    with made_once(folder) as empty:
        if empty:
            build = [*PIP, "wheel", "--no-deps", "--no-build-isolation", "--wheel-dir", str(folder)]
            subprocess.run([*build, str(ROOT)], check=True, timeout=300)
    (wheel,) = folder.glob("*.whl")
    return wheel


class Environment:
    """A virtual environment, without pip in it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.python = folder / "bin" / "python"
        if not folder.exists():
            venv.create(folder, symlinks=True)

    @property
    def packages(self) -> Path:
        """Where packages are installed."""
        (found,) = self.folder.glob("lib/python*/site-packages")
        return found

    def install(self, *requirements: str, timeout: float = 300) -> None:
        """Install, with dependencies, from the index that pip knows, within so many seconds."""
        command = [*PIP, "--python", str(self.python), "install", *requirements]
        subprocess.run(command, check=True, timeout=timeout)

    def run(self, *arguments: str, folder: Path, **variables: str) -> str:
        """The output of this Python for ``arguments``, in ``folder``."""
        done = subprocess.run(
            [self.python, *arguments],
            cwd=folder,
            env=clean_environment(**variables),
            capture_output=True,
            text=True,
            timeout=60,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout


def clean_environment(**variables: str) -> dict[str, str]:
    """The environment of a user who knows nothing of this tree."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("YOTO_", "PYTHON", "REDIS_", "COV_"))
    }
    return kept | variables


@contextmanager
def heeding_interrupts() -> Iterator[None]:
    """Let processes that are started here heed SIGINT: one in the background of a shell ignores it
    and hands that on. (``preexec_fn`` would do, and forks, of which eventlet warns.)
    """
    kept = signal.signal(signal.SIGINT, signal.SIG_DFL)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, kept)


class Served:
    """A server that was started, as its reader sees it."""

    def __init__(self, command: Sequence[str], folder: Path, **variables: str) -> None:
        with heeding_interrupts():
            self._process = subprocess.Popen(
                command,
                cwd=folder,
                env=clean_environment(PYTHONUNBUFFERED="1", **variables),
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
            )
        self._lines: list[str] = []
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        assert self._process.stdout is not None
        self._lines.extend(self._process.stdout)

    @property
    def pid(self) -> int:
        """The id of the process that was started."""
        return self._process.pid

    def ended(self) -> bool:
        """Whether the process has."""
        return self._process.poll() is not None

    @property
    def output(self) -> str:
        """The text that it printed until now."""
        return "".join(self._lines)

    def url(self) -> str:
        """The address that it says it listens on; waits for it."""
        address = re.compile(r"http://127\.0\.0\.1:\d+")
        wait_until(
            lambda: address.search(self.output) or self.ended(),
            START_SECONDS,
        )
        found = address.search(self.output)
        assert found is not None, self.output
        return found[0]

    def get(self, path: str) -> urllib3.BaseHTTPResponse:
        """The answer to a request on a connection of its own, which any worker may take."""
        return self.request("GET", path, {})

    def request(
        self, method: str, path: str, headers: Mapping[str, str], **body: Any
    ) -> urllib3.BaseHTTPResponse:
        """The answer to any request; ``body`` as ``urllib3.request`` takes it."""
        return urllib3.request(
            method,
            f"{self.url()}{path}",
            headers={**headers, "Connection": "close"},
            retries=False,
            redirect=False,
            timeout=WAIT_LIMIT,
            **body,
        )

    def stop(self, number: int = signal.SIGINT) -> int:
        """Ask it to end; its exit code."""
        self._process.send_signal(number)
        try:
            return self._process.wait(timeout=WAIT_LIMIT)
        finally:
            self._process.kill()
            self._process.wait()
            self._reader.join(5)
            if self._process.stdout is not None:
                self._process.stdout.close()
