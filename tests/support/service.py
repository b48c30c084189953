"""A server process of the tests: started, killed, paused, started again where it was."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Self

from tests.support.closing import Closing
from tests.support.leash import let_go, tie_to_this_process
from tests.support.waiting import wait_until

START_SECONDS = 60.0
STOP_SECONDS = 30.0


class Service(Closing):
    """One server with a folder of its own, in a session of its own, that ends with this process.

    Subclasses say by ``command`` what is run and by ``answers`` when it is ready.

    Attributes:
        name: its name, for people.
        folder: its data, with its log ``server.log``; gone after ``close``.
        process: the process that was started, None while there is none.
    """

    start_seconds = START_SECONDS

    def __init__(self, name: str, folder: Path) -> None:
        self.name = name
        self.folder = folder
        self.process: subprocess.Popen[bytes] | None = None
        self._leash: subprocess.Popen[bytes] | None = None

    def command(self) -> list[str]:
        """The program with its arguments."""
        raise NotImplementedError

    def environment(self) -> Mapping[str, str] | None:
        """The variables that it gets; None: ours."""
        return None

    def answers(self) -> bool:
        """Whether it is ready."""
        raise NotImplementedError

    @property
    def pid(self) -> int:
        """Process id; it leads a group of its own."""
        assert self.process is not None, f"{self.name} is not running"
        return self.process.pid

    @property
    def alive(self) -> bool:
        """Whether the process is there, paused or not."""
        return self.process is not None and self.process.poll() is None

    @property
    def log(self) -> str:
        """The text of its log."""
        return (self.folder / "server.log").read_text(encoding="utf-8", errors="replace")

    def start(self) -> Self:
        """Start it on the address and the data that it had, and wait until it answers."""
        self.begin()
        return self.wait()

    def wait(self) -> Self:
        """Wait until it answers, after ``begin``."""
        wait_until(self._ready, self.start_seconds, f"{self.name} to answer")
        return self

    def begin(self) -> None:
        """Start it and do not wait."""
        self.kill()
        self.folder.mkdir(parents=True, exist_ok=True)
        with open(self.folder / "server.log", "ab") as log:
            self.process = subprocess.Popen(
                self.command(),
                cwd=self.folder,
                env=self.environment(),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        self._leash = tie_to_this_process(self.process.pid, self.folder)

    def stop(self) -> None:
        """SIGTERM, and wait; its data stay, the address stays ours."""
        if self.process is None:
            return
        with suppress(ProcessLookupError):
            self.process.terminate()
        with suppress(subprocess.TimeoutExpired):
            self.process.wait(STOP_SECONDS)
        self.kill()

    def kill(self) -> None:
        """Send SIGKILL to it and its children; its files stay, and the address stays ours."""
        if self.process is None:
            return
        self._signal(signal.SIGKILL)
        self.process.wait()
        self.process = None
        if self._leash is not None:
            let_go(self._leash)
            self._leash = None

    def pause(self) -> None:
        """SIGSTOP: connections stay open and nothing answers."""
        self._signal(signal.SIGSTOP)

    def resume(self) -> None:
        """SIGCONT after ``pause``."""
        self._signal(signal.SIGCONT)

    def restart(self) -> Self:
        """Kill it and start it again."""
        self.kill()
        return self.start()

    def close(self) -> None:
        """End it for good and remove its folder."""
        self.kill()
        shutil.rmtree(self.folder, ignore_errors=True)

    def _signal(self, number: signal.Signals) -> None:
        with suppress(ProcessLookupError):
            os.killpg(self.pid, number)

    def _ready(self) -> bool:
        assert self.process is not None
        if self.process.poll() is not None:
            raise RuntimeError(f"{self.name} ended at once:\n{self.log[-2000:]}")
        return self.answers()
