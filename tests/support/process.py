"""``run.py`` as a process of its own, the way a user starts it."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import threading
import time
import urllib.request
from pathlib import Path

from tests.support.database import migrated

ROOT = Path(__file__).parents[2]
START_SECONDS = (
    120.0  # two processors run three tests at once, and each start takes seconds of them
)
# On a machine that is too busy Redis is slow, not lost.
PATIENT = {"YOTO_REDIS_SOCKET_TIMEOUT": "1.0", "YOTO_REDIS_CONNECT_TIMEOUT": "1.0"}
ADDRESS = re.compile(r"Yoto listens on (http://\S+?)[ ;]")
ACCOUNT = re.compile(r"^  (\S+) +(\S+)$", re.MULTILINE)


class RunningYoto:
    """A started server: its address, what it printed, and ways to end it.

    Unless it is to be ``new``, the tables of its SQLite are there already: to make them is half of
    the work of a first start.
    """

    def __init__(
        self, instance: Path, *arguments: str, new: bool = False, **variables: str
    ) -> None:
        environment = {
            name: value for name, value in os.environ.items() if not name.startswith("YOTO_")
        }
        environment["YOTO_ASYNC_MODE"] = os.environ.get("YOTO_TEST_ASYNC_MODE", "threading")
        environment.update(PATIENT | variables)
        environment["YOTO_INSTANCE_PATH"] = str(instance)
        self.environment = environment
        database = instance / "yoto.db"
        if not (new or "YOTO_DATABASE_URL" in environment or database.exists()):
            instance.mkdir(exist_ok=True)
            migrated().copy_to(database)
        self.process = subprocess.Popen(
            [sys.executable, str(ROOT / "run.py"), "--port", "0", *arguments],
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        self.instance = instance
        self._lines: list[str] = []
        self._url: str | None = None
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self._lines.append(line)

    @property
    def output(self) -> str:
        return "".join(self._lines)

    @property
    def url(self) -> str:
        """The printed address, of which a worker answers; waits for it."""
        if self._url is None:
            self.wait_for(lambda: ADDRESS.search(self.output) is not None)
            match = ADDRESS.search(self.output)
            assert match is not None
            # The master listens before its workers have begun.
            with urllib.request.urlopen(f"{match[1]}/livez", timeout=START_SECONDS):
                self._url = match[1]
        return self._url

    @property
    def accounts(self) -> dict[str, str]:
        """The demo accounts that were printed: username to password."""
        return {match[1]: match[2] for match in ACCOUNT.finditer(self.output)}

    def wait_for(self, condition: object, seconds: float = START_SECONDS) -> None:
        assert callable(condition)
        deadline = time.monotonic() + seconds
        while not condition():
            if self.process.poll() is not None:
                raise AssertionError(f"run.py ended with {self.process.returncode}:\n{self.output}")
            if time.monotonic() > deadline:
                raise AssertionError(f"waited {seconds} s in vain:\n{self.output}")
            time.sleep(0.02)

    def stop(self, number: int = signal.SIGTERM) -> int:
        """Ask it to end; its exit code."""
        if self.process.poll() is None:
            self.process.send_signal(number)
        try:
            code = self.process.wait(timeout=30)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            raise AssertionError(f"run.py did not end:\n{self.output}") from None
        self._close()
        return code

    def kill(self) -> None:
        """End it as a crash would."""
        self.process.kill()
        self.process.wait()
        self._close()

    def _close(self) -> None:
        # The pipe ends when the last worker does; closing it under the reader would block.
        self._reader.join(timeout=START_SECONDS)
        assert self.process.stdout is not None and not self._reader.is_alive(), self.output
        self.process.stdout.close()
