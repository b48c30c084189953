"""The application nodes of the topology, as a host would run them."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import psutil

from tests.support.process import ACCOUNT
from tests.support.service import Service
from tests.support.waiting import HOST, free_port, ready

LISTENS = "Yoto listens on "
COMMAND_SECONDS = 180.0
# Modules for the applications alone, in a folder with nothing that could hide their packages.
INSIDE = Path(__file__).with_name("inside")


def variables(settings: Mapping[str, str], instance: Path) -> dict[str, str]:
    """The environment of a process of the application: ours without its settings, and these."""
    ours = {name: value for name, value in os.environ.items() if not name.startswith("YOTO_")}
    theirs = {f"YOTO_{key}": value for key, value in settings.items()}
    return {**ours, **theirs, "YOTO_INSTANCE_PATH": str(instance)}


def flask(
    source: Path, settings: Mapping[str, str], instance: Path, *arguments: str, given: str = ""
) -> str:
    """The output of a command of the application; ``given`` is its standard input.

    Raises:
        RuntimeError: it failed; with what it said.
    """
    done = subprocess.run(
        [sys.executable, "-m", "flask", "--app", "app", *arguments],
        cwd=source,
        env=variables(settings, instance),
        input=given,
        capture_output=True,
        text=True,
        timeout=COMMAND_SECONDS,
    )
    if done.returncode != 0:
        raise RuntimeError(f"flask {' '.join(arguments)}:\n{done.stdout}{done.stderr}")
    return done.stdout


def accounts(printed: str) -> dict[str, str]:
    """The accounts that ``flask seed demo`` printed: username to password."""
    return {match[1]: match[2] for match in ACCOUNT.finditer(printed)}


class AppNode(Service):
    """One host: a supervisor with its workers, and an instance folder of its own.

    Attributes:
        source: the folder of the application's code, at its next start.
        settings: its configuration at its next start, keys without ``YOTO_``.
        links: addresses of Redis servers and of the links to dial instead.
    """

    # All nodes start at once, with some seconds of work each, on what processors there are.
    start_seconds = 300.0

    def __init__(
        self, name: str, folder: Path, source: Path, settings: dict[str, str], workers: int
    ) -> None:
        super().__init__(name, folder)
        self.source = source
        self.settings = settings
        self.workers = workers
        self.port = free_port()
        self.links: dict[str, tuple[str, int]] = {}
        self._before = 0

    @property
    def url(self) -> str:
        """Its own address, past nginx."""
        return f"http://{HOST}:{self.port}"

    def command(self) -> list[str]:
        return [
            sys.executable,
            str(self.source / "run.py"),
            "--host",
            HOST,
            "--port",
            str(self.port),
            "--workers",
            str(self.workers),
        ]

    def environment(self) -> dict[str, str]:
        settings, more = dict(self.settings), {}
        if self.links:
            given = [settings["EXTENSIONS"]] if "EXTENSIONS" in settings else []
            settings["EXTENSIONS"] = ",".join([*given, "through_links:install"])
            more = {"CLUSTER_LINKS": json.dumps(self.links), "PYTHONPATH": str(INSIDE)}
        return variables(settings, self.folder / "instance") | more

    def begin(self) -> None:
        self._before = len(self.log) if (self.folder / "server.log").exists() else 0
        super().begin()

    def answers(self) -> bool:
        return LISTENS in self.log[self._before :]

    def ready(self) -> bool:
        """Whether a worker says that it may be sent requests."""
        return ready(self.port)

    def pids(self) -> list[int]:
        """The workers' process ids; the supervisor's is ``pid``."""
        if self.workers == 1:
            return [self.pid]
        return [child.pid for child in psutil.Process(self.pid).children()]

    def kill(self) -> None:
        """SIGKILL to the supervisor and all workers, as when a host loses its power."""
        workers = []
        if self.alive:
            workers = psutil.Process(self.pid).children(recursive=True)
        super().kill()
        # The process that takes orphans reaps them; the port is free when the last is gone.
        psutil.wait_procs(workers, timeout=10)
